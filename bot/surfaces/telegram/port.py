"""What the listener needs of a Telegram connector: its name, and its bot over the wire."""

from __future__ import annotations

from typing import Protocol

from telegram import Bot


class SpeaksTelegram(Protocol):
    """One bot; every call it makes passes the connector's wire."""

    @property
    def instance(self) -> str:
        """The configured name."""
        ...

    async def own_account_ids(self) -> frozenset[str]:
        """Give the bot's account id; raises BadCredentials, Unavailable."""
        ...

    @property
    def bot(self) -> Bot:
        """The bot."""
        ...
