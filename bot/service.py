"""What a process does: the clock ticks, lanes drain; what is due is read from rows, so none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from bot.access.ticking import access_tick
from bot.alarm import News
from bot.app import Bawab
from bot.claims import Claim
from bot.completion import settle_cases
from bot.dispatch import dispatch
from bot.dispatch_duty import Duty, Hold, nobody_else
from bot.drainer import Drainer
from bot.drift.hints import follow_hints
from bot.drift.rechecks import recheck_due, recheck_hinted
from bot.drift.watch import DriftWatch
from bot.group_guard import GroupGuard
from bot.groups.registry_news import registry_news
from bot.lanes import pause_unconfigured
from bot.messages import Messages
from bot.people.first_seen import settle_first_seen
from bot.people.linking import Linker
from bot.planning import Planner
from bot.reviews import escalate_due
from bot.runs import QUIET_SECONDS, begin, finish
from bot.watch import FeedOutcome, Watcher
from bot.webhooks.outbound import Outbound
from bot.work import Lane

ARRIVAL_SECONDS = 15.0
"""How long `--once` waits for a file that is still arriving."""
ESCALATE_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Pass:
    """What one tick did."""

    feeds: list[FeedOutcome] = field(default_factory=list)
    started: int = 0
    planned: int = 0
    settled: int = 0
    """People first seen as gone of whom it is now known where they still are."""
    comparing: bool = False
    """Whether a comparison of everybody who must be out has more to read."""


class Service:
    """One process's worth of Bawab: what a tick looks at, and the lanes it may drain."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._watcher = Watcher(app)
        self._linker = Linker(app)
        self._planner = Planner(app)
        self._group_guard = GroupGuard(app)
        self._drift = DriftWatch(app)
        self.messages = Messages(app)
        self.webhooks = Outbound(app)
        self._escalated: datetime | None = None
        self._stopping = asyncio.Event()
        self._drainers = {name: Drainer(app, name, self._lane) for name in sorted(app.chat)}

    async def recover(self) -> int:
        """Name every call a dead process left open, before anything else is done."""
        await pause_unconfigured(self._app)
        return sum([await one.recover() for one in self._drainers.values()])

    async def tick(self, hold: Hold = nobody_else) -> Pass:
        """Look once at everything that may be due, except the lanes; `hold` ends a tick that another took."""
        await hold()
        await registry_news(self._app, self.messages.outbox)
        done = Pass(feeds=await self._watcher.scan())
        await hold()
        linked = await self._linker.refresh()
        done.started = await self._planner.start_due()
        await hold()
        done.planned = await self._planner.plan_due()
        await access_tick(self._app)
        if linked:
            done.settled = await settle_first_seen(self._app)
        await hold()
        await recheck_due(self._app)
        done.comparing = await self._drift.tick()
        await hold()
        await self.messages.succession.ask_due()
        await self._escalate()
        await self._settle()
        await hold()
        await self.webhooks.tick()
        return done

    async def follow(self, news: Collection[News]) -> None:
        """Do at once what was just stored and rung for, up to steps that a lane may take; all else waits."""
        if News.CASE in news:
            await self._planner.start_due()
            await self._planner.plan_due(urgent=True)
        if News.LOOK in news:
            await recheck_hinted(self._app)
            await follow_hints(self._app)
            await self._group_guard.judge()

    async def _escalate(self) -> None:
        """Look for runs that nobody reviewed: of days, so not at every tick."""
        now = self._app.now()
        if self._escalated is None or now >= self._escalated + ESCALATE_EVERY:
            self._escalated = now
            await escalate_due(self._app)

    async def once(self, *, quiet: float = QUIET_SECONDS) -> list[FeedOutcome]:
        """Run until nothing is due within `quiet` seconds; later work stays stored for the next run."""
        run = await begin(self._app, "once")
        await self.recover()
        feeds: list[FeedOutcome] = []
        patience = monotonic() + ARRIVAL_SECONDS
        while not self._stopping.is_set():
            done = await self.tick()
            feeds += done.feeds
            due = await self._drain_all()
            due.append(await self._planner.next_due())
            soon = min((instant for instant in due if instant is not None), default=None)
            moved = await self._settle()
            now = self._app.now()
            if self._watcher.arriving() and monotonic() < patience:
                await self._sleep(0.25)
            elif soon is not None and soon <= now + timedelta(seconds=quiet):
                await self._sleep((soon - now).total_seconds())
            elif not moved and not done.settled and not done.comparing:
                break
        await finish(self._app, run)
        await self.webhooks.rest(finish=True)
        return feeds

    async def _drain_all(self) -> list[datetime | None]:
        """Drain every lane once; where a fault of ours ends one, the others finish their step first.

        Left running, they would go on acting while everything is being closed.
        """
        lanes = (self._to_its_end(one) for one in self._drainers.values())
        found: list[datetime | None] = []
        for result in await asyncio.gather(*lanes, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            found.append(result)
        return found

    async def _to_its_end(self, lane: Drainer) -> datetime | None:
        try:
            return await lane.drain()
        except BaseException:
            self._stopping.set()
            raise

    async def _settle(self) -> bool:
        """Say of each case where it stands, and to people what can be said; True where a case moved."""
        moved = await settle_cases(self._app)
        await self.messages.about_news()
        await self.messages.send_due()
        return bool(moved)

    async def forever(self, *, clock: bool = True) -> None:
        """Tick (where `clock`) and drain until stopped; a step that has begun is finished and recorded."""
        tick, follow = (self.tick, self.follow) if clock else (None, None)
        duty = Duty(tick, self._drainers, self._stopping, follow)
        run = await begin(self._app, "service" if clock else "worker")
        if clock:
            await pause_unconfigured(self._app)
        try:
            await dispatch(self._app, duty).run()
        finally:
            self._stopping.set()
        await finish(self._app, run)
        await self.webhooks.rest()

    def arriving(self) -> list[str]:
        """Name the HR files that were not finished yet."""
        return self._watcher.arriving()

    def stop(self) -> None:
        """Stop after what is under way; to be called in the loop. Whoever sleeps is woken."""
        self._stopping.set()

    def _lane(self, name: str, claim: Claim) -> Lane:
        stopping = self._stopping.is_set
        return Lane(self._app, name, self.messages.delegate, stopping=stopping, claim=claim)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not past a stop."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), timeout=seconds)
