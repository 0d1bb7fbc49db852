"""Adaptive Cards posted to a workflow of Teams: the way that needs no bot of one's own in public."""

from connectors.cards.config import CardsConfig
from connectors.cards.connector import CardsConnector

__all__ = ["CardsConfig", "CardsConnector"]
