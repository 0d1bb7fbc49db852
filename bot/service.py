"""`bawab run`: the clock ticks, lanes drain; what is due is read from rows, so no missed tick loses it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.access.ticking import access_tick
from bot.app import Bawab
from bot.completion import settle_cases
from bot.drift.rechecks import recheck_due
from bot.drift.watch import DriftWatch
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
    """One machine's worth of Bawab: one clock, one task per lane."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._watcher = Watcher(app)
        self._linker = Linker(app)
        self._planner = Planner(app)
        self._drift = DriftWatch(app, self._planner)
        self.messages = Messages(app)
        self.webhooks = Outbound(app)
        self._escalated: datetime | None = None
        self._stopping = asyncio.Event()
        self._lanes = {
            name: Lane(app, name, self.messages.delegate, stopping=self._stopping.is_set)
            for name in sorted(app.chat)
        }
        self._ticked = asyncio.Condition()
        self._ticking = asyncio.Lock()

    async def recover(self) -> int:
        """Name every call a dead process left open, before anything else is done."""
        await pause_unconfigured(self._app)
        return sum([await lane.recover() for lane in self._lanes.values()])

    async def tick(self) -> Pass:
        """Look once at everything that may be due, except the lanes."""
        await registry_news(self._app, self.messages.outbox)
        done = Pass(feeds=await self._watcher.scan())
        linked = await self._linker.refresh()
        done.started = await self._planner.start_due()
        done.planned = await self._planner.plan_due()
        await access_tick(self._app)
        if linked:
            done.settled = await settle_first_seen(self._app)
        await recheck_due(self._app)
        done.comparing = await self._drift.tick()
        await self.messages.succession.ask_due()
        await self._escalate()
        await self._settle()
        await self.webhooks.tick()
        return done

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
        lanes = (self._to_its_end(lane) for lane in self._lanes.values())
        found: list[datetime | None] = []
        for result in await asyncio.gather(*lanes, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            found.append(result)
        return found

    async def _to_its_end(self, lane: Lane) -> datetime | None:
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

    async def forever(self) -> None:
        """Tick and drain until stopped; a step that has begun is finished and recorded."""
        run = await begin(self._app, "service")
        await self.recover()
        # A tick that takes longer than its interval skips the next one, as it should: nobody need read of it.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(timezone="UTC")
        seconds = self._app.settings.tick_seconds
        scheduler.add_job(self._clock, "interval", seconds=seconds, max_instances=1, coalesce=True)
        problem: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._problem = problem
        scheduler.start()
        lanes = [asyncio.create_task(self._drain(lane)) for lane in self._lanes.values()]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await self._clock()
            watched: list[asyncio.Future[Any]] = [stopping, problem, *lanes]
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            scheduler.pause()
            async with self._ticking:  # shutting down would cancel a tick half way
                scheduler.shutdown(wait=False)
            await self._wake()
            stopping.cancel()
            results = await asyncio.gather(*lanes, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if problem.done():
            problem.result()
        problem.cancel()
        await finish(self._app, run)
        await self.webhooks.rest()

    def arriving(self) -> list[str]:
        """Name the HR files that were not finished yet."""
        return self._watcher.arriving()

    def stop(self) -> None:
        """Stop after what is under way; to be called in the loop. Whoever sleeps is woken."""
        self._stopping.set()
        self._last_wake = asyncio.get_running_loop().create_task(self._wake())

    async def _clock(self) -> None:
        if self._ticking.locked():
            return  # two ticks at once would take the same file twice; the one under way is enough
        async with self._ticking:
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 - whatever it is, the service must stop and say so
                if not self._problem.done():
                    self._problem.set_exception(error)
        await self._wake()

    async def _wake(self) -> None:
        async with self._ticked:
            self._ticked.notify_all()

    async def _drain(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            due = await lane.drain()
            seconds = self._app.settings.tick_seconds
            if due is not None:
                seconds = min(seconds, max(0.0, (due - self._app.now()).total_seconds()))
            await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not past the next tick or a stop."""
        if seconds <= 0 or self._stopping.is_set():
            return
        async with self._ticked:
            try:
                await asyncio.wait_for(self._ticked.wait(), timeout=seconds)
            except TimeoutError:
                return
