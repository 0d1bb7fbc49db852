"""Telegram: a connector for one bot, over python-telegram-bot."""
