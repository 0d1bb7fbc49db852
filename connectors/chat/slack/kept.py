"""Keeps one reading for a while, so that many who need it cost one call; our own writes end its life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """One reading kept for `seconds`; several callers share it, and a broken one is not kept."""

    def __init__(self, seconds: float, read: Callable[[], Awaitable[T]]) -> None:
        self._seconds = seconds
        self._read = read
        self._kept: tuple[T, float] | None = None
        self._writes = 0
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Read again next time; a reading under way is not kept either."""
        self._writes += 1
        self._kept = None

    def known(self) -> T | None:
        """Give what is kept and still fresh, without asking."""
        return self._kept[0] if self._kept is not None and time.monotonic() < self._kept[1] else None

    async def now(self) -> T:
        """Give what was read at most `seconds` ago."""
        async with self._reading:
            if (known := self.known()) is not None:
                return known
            writes = self._writes
            read = await self._read()
            if writes == self._writes:
                self._kept = (read, time.monotonic() + self._seconds)
            return read
