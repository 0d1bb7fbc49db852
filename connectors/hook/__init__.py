"""A webhook of one's own as the last way to people: signed, for a receiver that tells them."""

from connectors.hook.config import HookConfig
from connectors.hook.connector import HookConnector

__all__ = ["HookConfig", "HookConnector"]
