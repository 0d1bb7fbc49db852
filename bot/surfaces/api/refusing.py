"""Refusals in the log: each said once, a flood of the same counted: nobody fills the log by asking."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry

WINDOW: Final = timedelta(minutes=15)
MOST: Final = 500
"""Different refusals remembered; of the oldest it is forgotten that it was said."""


@dataclass(slots=True)
class _Said:
    at: datetime
    since: int = 0
    """How often it was met again, unsaid."""


class Refusals:
    """What was refused lately, to whom and why; one for each surface, whose name `by` goes into the log."""

    def __init__(self, app: Bawab, *, by: str = "api") -> None:
        self._app = app
        self._by = by
        self._said: OrderedDict[tuple[str, str], _Said] = OrderedDict()

    async def note(self, actor: str, why: str) -> None:
        """Log that somebody was turned away, unless the same was logged within the window; then it counts.

        The next entry of the same says how many came between; it is written with the first refusal after the
        window.
        """
        now, key = self._app.now(), (actor, why)
        known = self._said.get(key)
        if known is not None and now < known.at + WINDOW:
            known.since += 1
            return
        # Remembered before the write: whoever asks meanwhile counts, and does not write too.
        self._remember(key, _Said(now))
        detail: dict[str, object] = {"why": why, "by": self._by, "more_before": known.since if known else 0}
        async with self._app.store.write() as tx:
            await self._app.audit.append(tx, Entry(Action.ACCESS_REFUSE, actor, "refused", detail=detail))

    def _remember(self, key: tuple[str, str], said: _Said) -> None:
        self._said[key] = said
        self._said.move_to_end(key)
        while len(self._said) > MOST:
            self._said.popitem(last=False)
