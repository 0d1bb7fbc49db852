"""The half of a lane that reads back: what was done is looked at, and only what is seen gone is a success."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.flow import Flow
from bot.ledger import Ledger
from bot.outcomes import blind_too_long
from bot.queueing import Queue
from bot.steps import look
from bot.store.tables import StepRow
from bot.strand import Strand
from connectors.contract import Presence, Sight
from connectors.errors import ConnectorError, RateLimited
from connectors.probing import Probe, current, probing
from connectors.waits import waits_measured

A_LITTLE = timedelta(seconds=1)


class Reading:
    """Reads back whole people, or whole groups, one after another."""

    def __init__(self, strand: Strand, queue: Queue, ledger: Ledger, flow: Flow) -> None:
        self._strand = strand
        self._queue = queue
        self._ledger = ledger
        self._flow = flow
        self._seen: list[tuple[StepRow, Presence]] = []
        self._since = monotonic()

    async def run(self) -> None:
        """Read until nothing is due or the platform is in trouble."""
        try:
            while True:
                chunk = await self._turn()
                if chunk:
                    await self._look(chunk)
                elif self._strand.closed or not await self._strand.rest():
                    return
        finally:
            self._strand.leave()

    async def once(self) -> None:
        """Look once at what is due, and store what was seen: to see whether a platform is back."""
        self._flow.again()
        chunk = await self._turn()
        if chunk:
            await self._look(chunk)
            seen, self._seen = self._seen, []
            await self._strand.app.store.at_once(lambda tx: self._exchange(tx, seen, closed=True))

    async def _turn(self) -> list[StepRow]:
        """Store what was seen and ask what is next, in one transaction."""
        seen, self._seen = self._seen, []
        closed = self._strand.closed
        if closed and not seen:
            return []
        due = await self._strand.app.store.at_once(lambda tx: self._exchange(tx, seen, closed=closed))
        self._flow.went(len(seen), monotonic() - self._since)
        self._since = monotonic()
        if seen:
            self._strand.wake()
        return due

    async def _exchange(
        self, tx: AsyncConnection, seen: Sequence[tuple[StepRow, Presence]], *, closed: bool
    ) -> list[StepRow]:
        await self._strand.hold(tx)
        await self._strand.count(tx)
        await self._ledger.see(tx, seen)
        if closed:
            return []
        return await self._queue.to_read(tx, self._strand.app.now(), self._flow.steps)

    async def _look(self, chunk: list[StepRow]) -> None:
        try:
            with waits_measured() as waited:
                presences, probe = await self._asked(chunk)
            self._strand.made.append((chunk[0].case_id, waited.requests))
        except RateLimited as error:
            again = self._strand.app.now() + timedelta(seconds=error.retry_after or 1.0)
            await self._strand.app.store.at_once(lambda tx: self._put_off(tx, chunk, again))
            return
        except ConnectorError as error:
            again = await self._strand.fell(error)
            await self._strand.app.store.at_once(lambda tx: self._put_off(tx, chunk, again))
            return
        if any(presence.sight is not Sight.UNREADABLE for presence in presences):
            await self._strand.heard()
        elif probe.lost and await self._is_down(probe.lost, presences[-1].detail):
            await self._strand.app.store.at_once(lambda tx: self._wait(tx, chunk, presences))
            return
        self._seen += zip(chunk, presences, strict=True)

    async def _asked(self, chunk: list[StepRow]) -> tuple[Sequence[Presence], Probe]:
        """Read; what asks whether the platform is back goes on doing so, all else is only watched."""
        if (outer := current()) is not None:
            return await look(self._strand.connector, chunk), outer
        with probing(careful=self._strand.doubtful) as probe:
            self._strand.reading = probe
            try:
                return await look(self._strand.connector, chunk), probe
            finally:
                self._strand.reading = None

    async def _is_down(self, times: int, detail: str) -> bool:
        """Whether silence upon reading shows an outage: not by itself, one listing may fail for ever."""
        if self._strand.doubtful or self._strand.was_down:
            await self._strand.missed(times, detail)
        return self._strand.trouble is not None

    async def _wait(self, tx: AsyncConnection, chunk: list[StepRow], presences: Sequence[Presence]) -> None:
        """Let what met an outage wait for its end; only whom nobody could read for too long is judged."""
        await self._strand.hold(tx)
        now, again = self._strand.app.now(), self._strand.again or self._strand.app.now()
        pairs = list(zip(chunk, presences, strict=True))
        blind = [(step, seen) for step, seen in pairs if blind_too_long(step.settle_until, now)]
        judged = {step.id for step, _ in blind}
        await self._ledger.see(tx, blind)
        # A little after the next probe, which asks others first: one listing may fail for ever.
        later = again + A_LITTLE
        await self._ledger.put_off(tx, [step for step in chunk if step.id not in judged], later)

    async def _put_off(self, tx: AsyncConnection, chunk: Sequence[StepRow], again: datetime) -> None:
        await self._strand.hold(tx)
        await self._ledger.put_off(tx, chunk, again)
