"""All work in this one process: the clock ticks, and each lane is a task beside it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app import Bawab
from bot.dispatch_duty import Duty
from bot.drainer import Drainer


class OneProcess:
    """One clock, one task per lane; a lane that has nothing due sleeps until the next tick."""

    def __init__(self, app: Bawab, duty: Duty) -> None:
        self._app = app
        self._duty = duty
        self._stopping = duty.stopping
        self._ticked = asyncio.Condition()
        self._round = 0
        """How often the lanes were woken: one that looked before must not sleep past it."""
        self._ticking = asyncio.Lock()
        self._problem: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Tick and drain until stopped; a step that has begun is finished and recorded."""
        for lane in self._duty.drainers.values():
            await lane.recover()  # every call a dead process left open is named before anything else is done
        # A tick that takes longer than its interval skips the next one, as it should: nobody need read of it.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(timezone="UTC")
        seconds = self._app.settings.tick_seconds
        scheduler.add_job(self._clock, "interval", seconds=seconds, max_instances=1, coalesce=True)
        scheduler.start()
        lanes = [asyncio.create_task(self._drain(one)) for one in self._duty.drainers.values()]
        stopping = asyncio.create_task(self._stopping.wait())
        hearing = asyncio.create_task(self._hear())
        try:
            await self._clock()
            watched: list[asyncio.Future[Any]] = [stopping, self._problem, *lanes]
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            scheduler.pause()
            async with self._ticking:  # shutting down would cancel a tick half way
                scheduler.shutdown(wait=False)
                hearing.cancel()  # it waits for news, or for this lock
            await self._wake()
            stopping.cancel()
            results = await asyncio.gather(*lanes, return_exceptions=True)
            await asyncio.gather(hearing, return_exceptions=True)
            for one in self._duty.drainers.values():
                await one.let_go()
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if self._problem.done():
            self._problem.result()
        self._problem.cancel()

    async def _clock(self) -> None:
        if self._ticking.locked() or self._duty.tick is None:
            return  # two ticks at once would take the same file twice; the one under way is enough
        async with self._ticking:
            try:
                await self._duty.tick(self._follow)
            except Exception as error:  # noqa: BLE001 - whatever it is, the service must stop and say so
                self._fail(error)
        await self._wake()

    async def _hear(self) -> None:
        """Follow at once whatever is rung for; during a tick, between two of its parts."""
        while not self._stopping.is_set():
            await self._app.alarm.wait()
            async with self._ticking:
                try:
                    await self._follow()
                except Exception as error:  # noqa: BLE001 - as for a tick
                    self._fail(error)

    async def _follow(self) -> None:
        news = self._app.alarm.take()
        if news and self._duty.follow is not None:
            await self._duty.follow(news)
            await self._wake()

    def _fail(self, error: Exception) -> None:
        if not self._problem.done():
            self._problem.set_exception(error)

    async def _wake(self) -> None:
        for lane in self._duty.drainers.values():
            lane.nudge()
        async with self._ticked:
            self._round += 1
            self._ticked.notify_all()

    async def _drain(self, lane: Drainer) -> None:
        while not self._stopping.is_set():
            looked = self._round
            due = await lane.drain()
            seconds = self._app.settings.tick_seconds
            if due is not None:
                seconds = min(seconds, max(0.0, (due - self._app.now()).total_seconds()))
            await self._sleep(seconds, looked)

    async def _sleep(self, seconds: float, looked: int) -> None:
        """Wait, but not past the next tick, news or a stop; nor where one came since it was looked."""
        if seconds <= 0 or self._stopping.is_set():
            return
        async with self._ticked:
            if self._round != looked:
                return
            try:
                await asyncio.wait_for(self._ticked.wait(), timeout=seconds)
            except TimeoutError:
                return
