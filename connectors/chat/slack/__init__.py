"""Slack: public, private and shared channels, user groups, sessions and accounts of one workspace."""

from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.connector import SlackConnector

__all__ = ["SlackConfig", "SlackConnector"]
