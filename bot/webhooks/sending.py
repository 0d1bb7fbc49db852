"""Deliveries sent, in order and with patience; a receiver that is down is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.entry import Entry
from bot.store.access_tables import DeliveryRow
from bot.store.query import all_of, change, columns, table
from bot.webhooks.events import message
from bot.webhooks.following import KEEP
from bot.webhooks.signing import headers

AT_ONCE: Final = 25
"""Sent between two records; after a kill at most so many are sent a second time, under the same id."""
WAITS: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds after each failure; the last goes on."""
_THEIRS: Final = frozenset({408, 410, 425, 429})
"""Refusals that are about the receiver, not about this one message."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt."""

    row: DeliveryRow
    problem: str = ""
    """Empty where it was taken; else why not, without anything the receiver wrote."""
    down: bool = False
    """Whether any other message would have fared the same."""


@dataclass(slots=True)
class Receiver:
    """One webhook: its circuit opens with the first failure that is the receiver's own."""

    app: Bawab
    name: str
    url: str
    signers: tuple[Webhook, ...] = field(repr=False)
    http: httpx.AsyncClient = field(repr=False)
    stopping: Callable[[], bool]
    failures: int = 0
    closed_until: datetime | None = None

    async def drain(self) -> int:
        """Send what is due, until all is sent or the receiver is down; gives how many were taken."""
        taken = 0
        while self._may_send():
            due = await self._due()
            if not due:
                break
            sent = await self._send_all(due)
            await self._record(sent)
            taken += sum(not one.problem for one in sent)
        return taken

    def _may_send(self) -> bool:
        waits = self.closed_until is not None and self.closed_until > self.app.now()
        return not waits and not self.stopping()

    async def _due(self) -> list[tuple[DeliveryRow, Mapping[str, Any]]]:
        rows = columns(DeliveryRow)
        mine = [rows.webhook == self.name, rows.state == "pending", rows.next_attempt_at <= self.app.now()]
        async with self.app.store.read() as tx:
            query = sa.select(table(DeliveryRow)).where(*mine).order_by(rows.seq).limit(AT_ONCE)
            found = await all_of(tx, DeliveryRow, query)
            entries = sa.select(*RAW.c).where(RAW.c.seq.in_([row.seq for row in found]))
            by_seq = {row["seq"]: dict(row) for row in (await tx.execute(entries)).mappings()}
        return [(row, by_seq[row.seq]) for row in found]

    async def _send_all(self, due: Sequence[tuple[DeliveryRow, Mapping[str, Any]]]) -> list[Sent]:
        sent: list[Sent] = []
        for row, entry in due:
            sent.append(await self._send(row, message(entry)))
            if sent[-1].down or self.stopping():
                break
        return sent

    async def _send(self, row: DeliveryRow, body: bytes) -> Sent:
        signed = headers(self.signers, row.id, self.app.now(), body)
        kind = {"content-type": "application/json", "user-agent": "bawab"}
        try:
            async with self.http.stream("POST", self.url, content=body, headers={**kind, **signed}) as answer:
                status = answer.status_code  # what else it writes is not read
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Sent(row, type(error).__name__, down=True)
        if 200 <= status < 300:
            return Sent(row)
        return Sent(row, f"HTTP {status}", down=status >= 500 or status < 400 or status in _THEIRS)

    async def _record(self, sent: Sequence[Sent]) -> None:
        """Store what became of them, and say it in the log, in one transaction."""
        now, was_well = self.app.now(), not self.failures
        taken = [one.row for one in sent if not one.problem]
        over = [one for one in sent if one.problem and one.row.created_at + KEEP <= now]
        self._circuit(sent, now)
        async with self.app.store.write() as tx:
            rows = columns(DeliveryRow)
            for one in sent:
                await change(tx, DeliveryRow, self._values(one, now, over=one in over), rows.id == one.row.id)
            entries = [self._entry(Action.WEBHOOK_SEND, "delivered", taken)] if taken else []
            down = next((one for one in sent if one.down), None)
            if down is not None and was_well:
                entries.append(self._entry(Action.WEBHOOK_FAIL, "waiting", [down.row], down.problem))
            entries += [self._entry(Action.WEBHOOK_FAIL, "given_up", [one.row], one.problem) for one in over]
            await self.app.audit.append(tx, *entries)

    def _circuit(self, sent: Sequence[Sent], now: datetime) -> None:
        if any(one.down for one in sent):
            self.failures += 1
            self.closed_until = now + wait_after(self.failures)
        elif sent:
            self.failures, self.closed_until = 0, None

    def _values(self, one: Sent, now: datetime, *, over: bool) -> dict[str, Any]:
        if not one.problem:
            done = {"state": "delivered", "delivered_at": now, "next_attempt_at": None, "detail": ""}
            return {**done, "attempts": one.row.attempts + 1}
        attempts = one.row.attempts + 1
        again = None if over else now + wait_after(attempts)
        state = "failed" if over else "pending"
        return {"state": state, "attempts": attempts, "next_attempt_at": again, "detail": one.problem}

    def _entry(self, action: Action, outcome: str, rows: Sequence[DeliveryRow], problem: str = "") -> Entry:
        detail: dict[str, object] = {"webhook": self.name, "entries": [row.seq for row in rows]}
        detail |= {"messages": [row.id for row in rows]} | ({"problem": problem} if problem else {})
        return Entry(action, "bawab", outcome=outcome, detail=detail)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return timedelta(seconds=WAITS[min(failures, len(WAITS)) - 1])
