"""The alarm: whoever has stored something urgent rings it, and it is followed at once, before any tick."""

from __future__ import annotations

import asyncio
from enum import StrEnum


class News(StrEnum):
    """What was stored; what has to be done about it is read from the rows, never from here."""

    LOOK = "look"
    """Somebody may be in again who must be out."""
    CASE = "case"
    """A case is due now, because somebody asked for it at once."""


class Alarm:
    """Rung after the transaction: the next tick would find the same rows, so nothing is lost with it."""

    def __init__(self) -> None:
        self._news: set[News] = set()
        self._rung = asyncio.Event()

    def ring(self, news: News) -> None:
        """Say, in the service's own loop, that something was stored that must not wait."""
        self._news.add(news)
        self._rung.set()

    async def wait(self) -> None:
        """Return once something was rung for that nobody has taken."""
        await self._rung.wait()

    def take(self) -> frozenset[News]:
        """Give what was rung for since the last time, and forget it."""
        taken = frozenset(self._news)
        self._news.clear()
        self._rung.clear()
        return taken
