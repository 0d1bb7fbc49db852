"""Microsoft Teams and Entra: teams, channels, group chats, groups, sessions and accounts of one tenant."""

from connectors.chat.teams.config import TeamsConfig
from connectors.chat.teams.connector import TeamsConnector

__all__ = ["TeamsConfig", "TeamsConnector"]
