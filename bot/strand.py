"""What the two halves of a lane share while it drains: one acts, one reads back, and both stop together."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.claims import Claim
from bot.effort import note_calls
from bot.lanes import answered, stumbled
from bot.store.query import change, columns
from bot.store.tables import LaneRow
from connectors.contract import ChatConnector
from connectors.eased import ease_in, learnt
from connectors.errors import ConnectorError, Unavailable
from connectors.probing import Probe

KEEP_PACE_SECONDS = 30.0
MOST_LOST = 3
"""Requests in a row without a usable answer after which the platform counts as down."""


async def keep_pace(tx: AsyncConnection, connector: ChatConnector) -> None:
    """Store what the pace of a lane has learnt: its next drainer need not be refused to learn it again."""
    if (state := learnt(connector)) is not None:
        await change(tx, LaneRow, {"pace": state}, columns(LaneRow).instance == connector.instance)


@dataclass(slots=True)
class Strand:
    """One draining of one lane."""

    app: Bawab
    connector: ChatConnector
    claim: Claim
    stopping: Callable[[], bool]
    own: frozenset[str]
    """The bot's own account ids there."""
    trouble: ConnectorError | None = None
    """Why nothing more may leave: the platform is down, or refuses us."""
    not_before: datetime | None = None
    """Until then the platform asked for no more writes."""
    again: datetime | None = None
    """When work that could not leave comes back."""
    was_down: bool = False
    lost: int = 0
    """Answers in a row that did not come, to writes and to the reading of what became of them."""
    reading: Probe | None = None
    """What is being read back now: it must be careful as soon as an answer is lost."""
    nudged: bool = False
    """Whether somebody more urgent may have come."""
    made: deque[tuple[str, int]] = field(default_factory=deque)
    """(case, requests made for it), not stored yet: put in by the loop, taken out in the store's thread."""
    _keep_pace_at: float = field(default_factory=lambda: monotonic() + KEEP_PACE_SECONDS)
    _resting: int = 0
    _over: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def instance(self) -> str:
        """The lane's name."""
        return self.connector.instance

    @property
    def closed(self) -> bool:
        """Whether nothing more may be begun: stopped, or the platform is in trouble."""
        return self._over or self.trouble is not None or self.stopping()

    @property
    def doubtful(self) -> bool:
        """Whether the last answer was lost: then one write goes at a time, and one read asks for all."""
        return self.lost > 0

    async def hold(self, tx: AsyncConnection) -> None:
        """Make sure the lane is still ours, and keep what its pace has learnt; raises Superseded."""
        await tx.run_sync(self.claim.hold)
        if monotonic() >= self._keep_pace_at:
            self._keep_pace_at = monotonic() + KEEP_PACE_SECONDS
            await keep_pace(tx, self.connector)

    async def count(self, tx: AsyncConnection) -> None:
        """Store how many requests were made for each case, to stand beside what was planned."""
        made = Counter[str]()
        while self.made:
            case_id, calls = self.made.popleft()
            made[case_id] += calls
        for case_id, calls in made.items():
            await tx.run_sync(note_calls, case_id, self.instance, calls)

    async def heard(self) -> None:
        """The platform said something of use: its circuit closes again, if it was open.

        An answer to what left before it fell does not say that it is back.
        """
        if self.was_down and self.trouble is None:
            self.was_down, self.lost = False, 0
            ease_in(self.connector)
            await answered(self.app, self.instance, self.connector.capabilities.platform)

    async def missed(self, times: int, detail: str) -> None:
        """So many more answers did not come: one after another they are an outage, and the lane waits.

        Where the platform was down already, one is enough to say that it still is.
        """
        self.lost += times
        if self.reading is not None:
            self.reading.careful = True
        if self.lost >= MOST_LOST or self.was_down:
            said = f"{self.lost} answers in a row did not come; the last: {detail}"
            await self.fell(Unavailable(said))

    async def fell(self, error: ConnectorError) -> datetime:
        """The platform is down or refuses us: nothing more leaves; gives when it is looked at again."""
        lane = await stumbled(self.app, self.instance, self.connector.capabilities.platform, error)
        self.trouble, self.was_down = error, True
        self.again = lane.next_probe or self.app.now()
        self.wake()
        return self.again

    def wake(self) -> None:
        """Tell the other half that something changed."""
        self._news.set()
        self._news = asyncio.Event()

    def end(self) -> None:
        """Let both halves come to their end."""
        self._over = True
        self.wake()

    def leave(self) -> None:
        """One half is done for good; the other ends once it has nothing left either."""
        self._resting += 1
        if self._resting == 2:
            self.end()

    async def rest(self, longest: float | None = None) -> bool:
        """Wait until the other half did something; False once neither has anything left to do.

        `longest`: so many seconds at most.
        """
        self._resting += 1
        if self._resting == 2 or self.closed:
            self.end()
            return False
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), longest)
        finally:
            self._resting -= 1
        return not self.closed

    async def lull(self) -> bool:
        """Wait, while the other half is at work, until writes are taken again; False: they wait longer."""
        while self.not_before is not None and not self.closed:
            left = (self.not_before - self.app.now()).total_seconds()
            if left <= 0:
                self.not_before = None
            elif not await self.rest(left):
                return False
        return not self.closed
