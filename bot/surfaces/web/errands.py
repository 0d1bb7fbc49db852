"""Long readings somebody asked for: each goes on by itself, tells how far it is, and keeps what it found.

A page shows an errand's progress as a fragment that asks again; without JavaScript the reader looks again.
What was found lives in this process for a while, is only its asker's, and binds what they sign by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from bot.surfaces.web.visitor import Visitor

KEPT: Final = timedelta(minutes=30)
MOST: Final = 40
"""Errands kept at once; the oldest finished ones go first."""
AT_ONCE: Final = 4
"""Errands under way; more would slow down the work itself."""
SOON: Final = 1.5
"""Seconds a page waits for an errand before it shows how far it is."""

Report = Callable[[int, int], None]
Doing = Callable[[Report], Awaitable[Any]]


class TooMany(Exception):
    """As many errands as may be are under way already; one of them must end first."""


@dataclass(slots=True)
class Errand:
    """One reading: how far it is, and its result or its fault once it is over."""

    key: str
    asker: str
    started: datetime
    task: asyncio.Task[Any] = field(init=False, repr=False)
    done: int = 0
    total: int = 0

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.task.done()

    @property
    def fault(self) -> BaseException | None:
        """What it ended in, if not well."""
        if not self.task.done():
            return None
        return asyncio.CancelledError() if self.task.cancelled() else self.task.exception()

    @property
    def result(self) -> Any:
        """What it found; only of one that ended well."""
        return self.task.result()

    def report(self, done: int, total: int) -> None:
        """Take note of how far it is."""
        self.done, self.total = done, total


class Errands:
    """Every errand of one console."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Errand] = {}

    def find(self, asker: str, key: str, now: datetime) -> Errand | None:
        """Give somebody's errand of this name, unless it is too old to be gone by."""
        found = self._known.get((asker, key))
        return found if found is not None and (not found.over or found.started > now - KEPT) else None

    def start(self, asker: str, key: str, now: datetime, doing: Doing) -> Errand:
        """Begin an errand in the place of an earlier one of its name; one under way goes on instead.

        Raises TooMany.
        """
        known = self._known.get((asker, key))
        if known is not None and not known.over:
            return known
        if sum(not each.over for each in self._known.values()) >= AT_ONCE:
            raise TooMany
        errand = Errand(key, asker, now)
        errand.task = asyncio.ensure_future(doing(errand.report))
        # Looked at where the errand is shown; unseen it would be complained about when it is collected.
        errand.task.add_done_callback(_seen)
        self._known[asker, key] = errand
        self._tidy()
        return errand

    def _tidy(self) -> None:
        over = sorted((each for each in self._known.values() if each.over), key=_age)
        for each in over[: max(len(self._known) - MOST, 0)]:
            del self._known[each.asker, each.key]


def _seen(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


def _age(errand: Errand) -> datetime:
    return errand.started


def _errands(v: Visitor) -> Errands:
    state = v.request.app.state
    if not hasattr(state, "errands"):
        state.errands = Errands()
    found: Errands = state.errands
    return found


def errand(v: Visitor, key: str) -> Errand | None:
    """Give the reader's own errand of this name."""
    return _errands(v).find(v.who.id, key, v.app.now())


async def begin(v: Visitor, key: str, doing: Doing, *, wait: float = SOON) -> Errand:
    """Begin an errand, and give it a moment to end; raises TooMany."""
    begun = _errands(v).start(v.who.id, key, v.app.now(), doing)
    await asyncio.wait([begun.task], timeout=wait)
    return begun
