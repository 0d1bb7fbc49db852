"""Keeps the user groups and their members for one planning pass, so that a hundred people cost one call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from policies.model import Gap


@dataclass(slots=True)
class UserGroupLists:
    """`usergroups.list` as it was at one moment; `users` fills up where Slack left members out."""

    rows: list[dict[str, Any] | Gap]
    users: dict[str, list[str]] = field(default_factory=dict)


class KeptLists:
    """One reading kept for `seconds`; our own writes end its life at once."""

    def __init__(self, seconds: float, read: Callable[[], Awaitable[list[dict[str, Any] | Gap]]]) -> None:
        self._seconds = seconds
        self._read = read
        self._kept: tuple[UserGroupLists, float] | None = None
        self._writes = 0
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Read again next time; a reading under way is not kept either."""
        self._writes += 1
        self._kept = None

    async def now(self) -> UserGroupLists:
        """Give what was read at most `seconds` ago; several callers share one reading."""
        async with self._reading:
            if self._kept is not None and time.monotonic() < self._kept[1]:
                return self._kept[0]
            writes, until = self._writes, time.monotonic() + self._seconds
            lists = UserGroupLists(await self._read())
            if writes == self._writes:
                self._kept = (lists, until)
            return lists
