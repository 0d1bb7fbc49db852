"""The half of a lane that acts: intentions stored, calls in flight, outcomes stored, as one steady flow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clearance import Clearance
from bot.flow import A_MOMENT, Flow
from bot.ledger import Back, Ledger, no_api, not_now
from bot.queueing import Queue
from bot.steps import act
from bot.store.tables import StepRow
from bot.strand import Strand
from connectors.contract import Outcome, Result
from connectors.errors import ConnectorError, NotSupported, RateLimited
from connectors.evidence import nothing_sent
from connectors.permits import only_while
from connectors.waits import waits_measured
from policies.model import StepAction

_LOST = (Outcome.UNKNOWN, Outcome.UNAVAILABLE)


@dataclass(slots=True)
class _Call:
    """One request under way, or about to leave."""

    steps: list[StepRow]
    may_join: bool
    may_leave: Callable[[], bool]
    """Whether what cleared it is fresh enough."""
    began: float = 0.0
    waited: float = 0.0
    """Seconds it waited for its turn at the platform's pace."""

    @property
    def touches(self) -> frozenset[str]:
        """What no other call may touch meanwhile: the group, or the account where there is none."""
        return frozenset(step.group_id or step.account_id for step in self.steps)


class Acting:
    """Keeps as many calls in flight as pay, and stores every intention before its call."""

    def __init__(
        self, strand: Strand, queue: Queue, ledger: Ledger, clearance: Clearance, flow: Flow
    ) -> None:
        self._strand = strand
        self._queue = queue
        self._ledger = ledger
        self._clearance = clearance
        self._flow = flow
        self._ready: deque[_Call] = deque()
        self._calls: dict[asyncio.Task[Sequence[Result]], _Call] = {}
        self._finished: list[tuple[StepRow, Result]] = []
        self._back: list[Back] = []
        self._dry = False
        self._since = monotonic()

    async def run(self) -> None:
        """Act until nothing is due or nothing may leave; everything begun is recorded at the end."""
        try:
            while await self._goes_on():
                if self._calls and not self._room():
                    await self._some_back()
        finally:
            self._strand.leave()
            for task in self._calls:  # only where a fault of ours, or a cancellation, ends all
                task.cancel()

    def _room(self) -> bool:
        """Whether another call would leave at once, and there may be one."""
        return not self._closed and not self._dry and not self._ready and len(self._calls) < self._window

    @property
    def _window(self) -> int:
        return 1 if self._strand.doubtful else self._flow.window

    async def once(self) -> bool:
        """Make one call and store what came of it, to see if a platform is back; False: nothing was due."""
        self._flow.again()
        await self._turn()
        self._start()
        sent = bool(self._calls)
        while self._calls:
            await self._some_back()
        self._hand_back("one call only, to see whether the platform answers")
        await self._tell()
        return sent

    async def _goes_on(self) -> bool:
        """Ask and tell the database where that is due, let calls leave; False when all is done."""
        if self._wants_a_turn():
            await self._turn()
        self._start()
        if self._calls or (self._ready and not self._closed):
            return True
        if self._closed:
            await self._turn()
            self._dry = False  # after a lull there may be work again
            return await self._strand.lull()
        return await self._more()

    @property
    def _closed(self) -> bool:
        return self._strand.closed or self._strand.not_before is not None

    def _wants_a_turn(self) -> bool:
        """Whether to ask and tell the database: nothing ready to leave, or results too long untold."""
        if self._closed:
            return bool(self._ready) or (bool(self._finished or self._back) and not self._calls)
        if self._strand.nudged:
            return True
        news = bool(self._finished or self._back)
        untold = news and (not self._calls or monotonic() - self._since > A_MOMENT)
        return untold or (not self._ready and not self._dry) or self._held_long_ago

    @property
    def _held_long_ago(self) -> bool:
        """Whether the right to act must be renewed, which calls under way may otherwise outlast."""
        stale = any(not call.may_leave() for call in self._ready)
        claim = self._strand.claim
        return stale or not claim.may_act() or monotonic() - self._since > claim.lease / 3

    async def _more(self) -> bool:
        """Nothing is ready and nothing under way: look once more, then wait for the other half."""
        if not self._dry:
            return True
        self._dry = False
        return await self._strand.rest()

    # One transaction: what came back, what did not leave, what is next

    async def _turn(self) -> None:
        closed, overtaken = self._closed, await self._overtaken()
        if closed or overtaken:
            self._hand_back("somebody more urgent came" if overtaken else "stopped before its turn")
        elif not all(call.may_leave() for call in self._ready):
            self._hand_back("too long ago cleared for its call")
        finished, back = self._finished, self._back
        self._finished, self._back = [], []
        told = bool(finished or back)
        if closed and not told:
            return
        calls = await self._strand.app.store.at_once(
            lambda tx: self._exchange(tx, finished, back, closed=closed)
        )
        self._flow.went(len(finished), monotonic() - self._since)
        self._since = monotonic()
        self._ready.extend(calls)
        self._dry = not calls
        if told:
            self._strand.wake()

    async def _overtaken(self) -> bool:
        """Whether, now that something may have come, it is more urgent than what is ready to leave."""
        nudged, self._strand.nudged = self._strand.nudged, False
        if not nudged or not self._ready:
            return False
        async with self._strand.app.store.read() as tx:
            first = await self._queue.to_act(tx, self._strand.app.now(), 1)
        return bool(first) and first[0].priority < self._ready[0].steps[0].priority

    async def _tell(self) -> None:
        """Store what came back and what did not leave, and ask for nothing more."""
        finished, back = self._finished, self._back
        self._finished, self._back = [], []
        if finished or back:
            store = self._strand.app.store
            await store.at_once(lambda tx: self._exchange(tx, finished, back, closed=True))

    async def _exchange(
        self,
        tx: AsyncConnection,
        finished: Sequence[tuple[StepRow, Result]],
        back: Sequence[Back],
        *,
        closed: bool,
    ) -> list[_Call]:
        await self._strand.hold(tx)
        await self._strand.count(tx)
        await self._ledger.record(tx, finished)
        await self._ledger.give_back(tx, back)
        if closed:
            return []
        most = max(self._flow.steps, self._flow.unit * (self._window - len(self._calls)))
        due = await self._queue.to_act(tx, self._strand.app.now(), most, self._bulk)
        cleared = await self._clearance.of(tx, due, self._strand.own)
        await self._ledger.stop(tx, cleared.stopped)
        intended = await self._ledger.intend(tx, cleared.steps)
        return self._calls_of(intended, cleared.may_join)

    def _calls_of(self, steps: Sequence[StepRow], may_join: frozenset[str]) -> list[_Call]:
        size, may_leave = self._bulk(steps[0].action) if steps else 1, self._strand.claim.permit()
        whole: dict[str, _Call] = {}
        found: list[_Call] = []
        for step in steps:
            joins = step.id in may_join
            if self._is_written_whole(step):
                if step.group_id not in whole:
                    found.append(whole.setdefault(step.group_id, _Call([], joins, may_leave)))
                whole[step.group_id].steps.append(step)
            elif found and len(found[-1].steps) < size and found[-1].may_join == joins:
                found[-1].steps.append(step)
            else:
                found.append(_Call([step], joins, may_leave))
        return found

    def _is_written_whole(self, step: StepRow) -> bool:
        """Whether all who leave this group belong into one request, because its list is replaced as one."""
        kinds = self._strand.connector.capabilities.written_whole
        return step.action == StepAction.REVOKE and bool(step.group) and step.group["kind"] in kinds

    def _bulk(self, action: str) -> int:
        """How many steps of a kind one request takes."""
        able = self._strand.connector.capabilities
        sizes = {
            StepAction.REVOKE: able.bulk,
            StepAction.END_SESSIONS: able.bulk_sessions,
            StepAction.DEACTIVATE: able.bulk_accounts,
        }
        return sizes.get(StepAction(action), 1)

    def _hand_back(self, because: str) -> None:
        again = self._strand.again or self._strand.not_before or self._strand.app.now()
        self._back += [Back(step, again, because) for call in self._ready for step in call.steps]
        self._ready.clear()

    # Calls in flight

    def _start(self) -> None:
        """Let calls leave: never two for one group, and none while answers are being lost."""
        window = self._window
        busy = frozenset[str]().union(*(call.touches for call in self._calls.values()))
        waiting: deque[_Call] = deque()
        while self._ready and len(self._calls) < window and not self._closed:
            if not self._ready[0].may_leave():
                break  # the next turn hands it back, and looks again
            call = self._ready.popleft()
            if call.touches & busy:
                waiting.append(call)
                continue
            busy |= call.touches
            call.began = monotonic()
            self._calls[asyncio.create_task(self._made(call))] = call
        self._ready.extendleft(reversed(waiting))

    async def _made(self, call: _Call) -> Sequence[Result]:
        with waits_measured() as waited, only_while(lambda: self._may_leave(call)):
            try:
                return await act(self._strand.connector, call.steps, may_join=call.may_join)
            finally:
                call.waited = waited.seconds
                self._strand.made.append((call.steps[0].case_id, waited.requests))

    def _may_leave(self, call: _Call) -> bool:
        """Whether, its turn having come, it may go: nothing follows what met an outage, or may have."""
        strand, first = self._strand, next(iter(self._calls.values()), call)
        return call.may_leave() and strand.trouble is None and (first is call or not strand.doubtful)

    async def _some_back(self) -> None:
        # What came back is told within a moment, even where another call hangs.
        patience = A_MOMENT if self._finished else self._strand.claim.lease / 3
        done, _ = await asyncio.wait(self._calls, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            call = self._calls.pop(task)
            await self._judge(call, task)

    async def _judge(self, call: _Call, task: asyncio.Task[Sequence[Result]]) -> None:
        try:
            results = task.result()
        except NotSupported as error:
            results = [no_api(step, str(error)) for step in call.steps]
        except RateLimited as error:
            results = [not_now(step, error) for step in call.steps]
        except ConnectorError as error:
            again = await self._strand.fell(error)
            self._flow.again()
            self._back += [Back(step, again, f"nothing was sent: {error}") for step in call.steps]
            return
        tried = [one for one in results if not (one.outcome is Outcome.RATE_LIMITED and nothing_sent(one))]
        if tried and all(result.outcome in _LOST for result in tried):
            self._flow.again()
            await self._strand.missed(1, tried[-1].detail)
        elif not all(nothing_sent(result) for result in results):
            self._strand.lost = 0
            await self._strand.heard()
            self._flow.called(monotonic() - call.began, call.waited)
        if not self._waits(call, results):
            self._finished += zip(call.steps, results, strict=True)
            self._slow_down(results)

    def _waits(self, call: _Call, results: Sequence[Result]) -> bool:
        """Let wait again, as no attempt, what surely did not leave: an outage came, or its turn was over."""
        strand = self._strand
        over = all(result.outcome is Outcome.RATE_LIMITED and not result.retry_after for result in results)
        if not all(nothing_sent(result) for result in results) or (strand.trouble is None and not over):
            return False
        again, because = strand.again or strand.app.now(), f"nothing was sent: {results[-1].detail}"
        self._back += [Back(step, again, because) for step in call.steps]
        return True

    def _slow_down(self, results: Sequence[Result]) -> None:
        limited = [result.retry_after or 1.0 for result in results if result.outcome is Outcome.RATE_LIMITED]
        if any(result.outcome not in (*_LOST, Outcome.RATE_LIMITED) for result in results):
            self._flow.refused = 0
        if limited:
            asked, already = max(limited), self._strand.not_before
            wait = asked if already is not None else self._flow.patience(asked)
            until: datetime = self._strand.app.now() + timedelta(seconds=wait)
            self._strand.not_before = max(until, already or until)
            self._flow.again()
