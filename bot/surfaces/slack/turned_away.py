"""Refusals in the log: each said once in a while, a flood of the same counted, so nobody fills the log."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry

WINDOW = timedelta(minutes=15)
MOST = 500
"""Different refusals remembered; of the oldest it is forgotten that it was said."""


class TurnedAway:
    """Who was refused lately on one workspace, and why."""

    def __init__(self, app: Bawab, instance: str) -> None:
        self._app = app
        self._instance = instance
        self._said: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._more: dict[tuple[str, str], int] = {}

    async def note(self, why: str, *, account_id: str = "", actor: str = "bawab") -> None:
        """Log a refusal, unless the same was logged within the window; the next entry says how many came.

        An account is named by a hash of its id: whether it was one or many is told, not whose it is.
        """
        mark = (
            hashlib.sha256(f"{self._instance}/{account_id}".encode()).hexdigest()[:12] if account_id else ""
        )
        key, now = (mark or actor, why), self._app.now()
        last = self._said.get(key)
        if last is not None and now < last + WINDOW:
            self._more[key] = self._more.get(key, 0) + 1
            return
        self._remember(key, now)
        detail = {"why": why, "via": "slack", "account": mark, "more_before": self._more.pop(key, 0)}
        entry = Entry(Action.ACCESS_REFUSE, actor, "refused", instance=self._instance, detail=detail)
        async with self._app.store.write() as tx:
            await self._app.audit.append(tx, entry)

    def _remember(self, key: tuple[str, str], now: datetime) -> None:
        self._said[key] = now
        self._said.move_to_end(key)
        while len(self._said) > MOST:
            gone, _ = self._said.popitem(last=False)
            self._more.pop(gone, None)
