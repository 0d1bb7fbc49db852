"""Telegram: basic groups, supergroups and channels of one bot, over python-telegram-bot."""

from connectors.chat.telegram.config import TelegramConfig
from connectors.chat.telegram.connector import TelegramConnector

__all__ = ["TelegramConfig", "TelegramConnector"]
