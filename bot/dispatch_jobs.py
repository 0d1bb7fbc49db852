"""Work over many hosts: draining a lane and ticking are jobs in PostgreSQL that any process may take."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from sqlalchemy.exc import IntegrityError

from bot.app import Bawab
from bot.claims import Superseded
from bot.dispatch_clock import Clock
from bot.dispatch_due import lanes_due
from bot.dispatch_duty import Duty, Hold
from bot.dispatch_frozen import cut_off
from bot.dispatch_hand import AWAY, Hand, queue_app
from bot.dispatch_schema import ensure_queue
from bot.drainer import Drainer
from bot.store.db import StoreAway
from bot.store.migrate import check_known

DRAIN: Final = "drain"
TICK: Final = "tick"
HOLD_SECONDS: Final = 5.0
"""A lane that is due again so soon keeps its job; one that waits longer gives it up, and is woken."""
GLANCE_SECONDS: Final = 0.5
"""How often a lane that waits so looks for something more urgent."""
SETTLED: Final = timedelta(seconds=0.2)

logger = structlog.get_logger(__name__)


def queue_of(lane: str) -> str:
    """Name the queue of a lane's jobs: only processes that know the lane take from it.

    PostgreSQL's channels have names of at most 63 bytes, and the queue puts 23 before ours.
    """
    plain = f"lane:{lane}"
    return plain if len(plain.encode()) <= 40 else f"lane:{hashlib.sha256(lane.encode()).hexdigest()[:32]}"


class OverHosts:
    """One process of any number: takes lanes that are due, and ticks where no other does."""

    def __init__(self, app: Bawab, duty: Duty) -> None:
        self._app = app
        self._duty = duty
        self._stopping = duty.stopping
        self._settings = settings = app.settings.workers
        self._jobs = queue_app(app.store.url)
        self._clock = Clock(app)
        self._mine = f"clock:{secrets.token_hex(8)}"
        """Ticks wait in a queue of the one process that ticks, so that they stay with it."""
        queues = [queue_of(name) for name in duty.drainers]
        self._lanes = Hand(self._jobs, settings, queues, settings.lanes_at_once, self._sweep)
        self._ticker = Hand(self._jobs, settings, [self._mine], 1, self._sweep)
        self._draining = {name: asyncio.Lock() for name in duty.drainers}
        self._ticking = False
        self._away = False
        """Whether the database was not there, or too busy for us, when it was asked last."""
        self._collided = False
        """Whether the last tick wrote what somebody else had written just then."""
        self._following = asyncio.Lock()
        """News is followed where it was heard; meanwhile this process looks at nothing else."""
        self._problem: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drain_job = self._jobs.task(name=DRAIN)(self._drain)
        self._tick_job = self._jobs.task(name=TICK)(self._tick)

    @property
    def _hands(self) -> list[Hand]:
        ticker = [self._ticker] if self._duty.tick is not None else []
        return [*([self._lanes] if self._duty.drainers else []), *ticker]

    async def run(self) -> None:
        """Take jobs until stopped; what has begun is finished, what is left is handed back at once."""
        for name in ("apscheduler", "procrastinate"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        await ensure_queue(self._app.store, self._settings.stalled_seconds)
        async with self._opened():
            scheduler = self._scheduler()
            hands = [asyncio.create_task(hand.run(self._stopping)) for hand in self._hands]
            stopping = asyncio.create_task(self._stopping.wait())
            hearing = asyncio.create_task(self._hear())
            scheduler.start()
            try:
                watched: list[asyncio.Future[Any]] = [stopping, self._problem, *hands]
                await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._stopping.set()
                scheduler.shutdown(wait=False)
                stopping.cancel()
                async with self._following:
                    hearing.cancel()  # it waits for news, or for this lock
                results = await asyncio.gather(*hands, hearing, return_exceptions=True)
                await self._let_go()
        for result in results[: len(hands)]:
            if isinstance(result, BaseException):
                raise result
        if self._problem.done():
            self._problem.result()
        self._problem.cancel()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        """Open the queue's connections; raises StoreAway where the server gives none."""
        try:
            await self._jobs.open_async()
        except AWAY as error:
            await self._jobs.close_async()
            raise StoreAway(f"the database server does not answer ({error})") from error
        try:
            yield
        finally:
            await self._jobs.close_async()

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone="UTC")
        soon = datetime.now(UTC) + SETTLED
        sweeping = min(self._settings.heartbeat_seconds, self._settings.stalled_seconds / 6)
        for work, seconds in ((self._pulse, self._app.settings.tick_seconds), (self._look_round, sweeping)):
            scheduler.add_job(
                self._guarded,
                "interval",
                args=[work],
                seconds=seconds,
                next_run_time=soon,
                max_instances=1,
                coalesce=True,
            )
        return scheduler

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what is done again soon: a database that is away is waited for, another fault ends it all."""
        try:
            await work()
        except AWAY as error:
            self._waits(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must stop and say so
            self._fail(error)

    def _waits(self, error: Exception) -> None:
        """Say once that the database is waited for; `_look_round` says that it is back."""
        if not self._away:
            said = error.__cause__ if isinstance(error, ConnectorException) else error
            logger.warning("database_away", error=str(said))
        self._away = True

    def _fail(self, error: Exception) -> None:
        """End this process, with an exit code that is not 0: whoever watches over it starts it again."""
        logger.error("process_ends", error=type(error).__name__, said=str(error))
        if not self._problem.done():
            self._problem.set_exception(error)

    async def _hear(self) -> None:
        """Follow at once whatever is rung for in this process, whoever ticks; then wake the lanes."""
        while not self._stopping.is_set():
            await self._app.alarm.wait()
            async with self._following:
                await self._guarded(self._follow)

    async def _follow(self) -> None:
        news = self._app.alarm.take()
        if news and self._duty.follow is not None:
            try:
                await self._duty.follow(news)
            except IntegrityError as error:  # whoever ticks was quicker, and finds what is left
                logger.warning("somebody_was_quicker", error=str(error.orig))
            await self._wake_idle()

    async def _between(self) -> None:
        """Between two parts of a tick: is it still ours, and did somebody ring?"""
        await self._clock.hold()
        await self._follow()

    # What is put into the queue

    async def _pulse(self) -> None:
        """Put a tick into the queue where this process ticks, and each lane that has something due."""
        number = self._ticker.number
        if number is not None and not self._ticking and await self._clock.is_ours(number):
            await self._put(self._tick_job, TICK, self._mine)
        await self._wake_idle()

    async def _wake_idle(self) -> None:
        """Wake the lanes that have something due; those at work here look for it themselves."""
        for name, lock in self._draining.items():
            if lock.locked():
                self._duty.drainers[name].nudge()
        await self._wake(name for name, lock in self._draining.items() if not lock.locked())

    async def _wake(self, names: Iterable[str]) -> None:
        async with self._app.store.read() as tx:
            due = await lanes_due(tx, names, self._app.now())
        for name in due:
            await self._put(self._drain_job, name, queue_of(name), lane=name)

    async def _put(self, job: Any, lock: str, queue: str, **values: str) -> None:
        """Put a job into the queue unless its like waits there; one in a dead process's is taken out."""
        manager = self._jobs.job_manager
        for waiting in await manager.list_jobs_async(queueing_lock=lock, status=Status.TODO.value):
            if waiting.queue == queue:
                return
            await manager.cancel_job_by_id_async(int(waiting.id or 0), delete_job=True)
        with suppress(AlreadyEnqueued):
            await job.configure(lock=lock, queueing_lock=lock, queue=queue).defer_async(**values)

    # Who lives, and who does not

    async def _look_round(self) -> None:
        await check_known(self._app.store)
        if self._away:
            self._away = False
            logger.warning("database_back")
        for hand in self._hands:
            await hand.beat()
        await self._sweep()

    async def _sweep(self) -> None:
        """Take the jobs of dead processes out of the queue, and put their lanes in anew.

        A job that went on under its old number could be ended by its first worker, once that wakes.
        """
        manager = self._jobs.job_manager
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=self._settings.stalled_seconds)
        for job in stalled:
            with suppress(*AWAY):  # another process was quicker
                await manager.finish_job_by_id_async(int(job.id or 0), Status.FAILED, delete_job=True)
            logger.warning("job_taken_over", job=job.task_name, lane=job.lock)
        if stalled and await cut_off(self._jobs.connector, self._settings.lease_seconds):
            logger.warning("writer_cut_off")
        await manager.prune_stalled_workers(self._settings.stalled_seconds)
        await self._wake([job.lock for job in stalled if job.lock in self._draining])

    # The jobs

    async def _tick(self) -> None:
        number = self._ticker.number
        if self._duty.tick is None or number is None or not await self._clock.is_ours(number):
            return
        self._ticking = True
        try:
            async with self._following:
                await self._worked(self._ticked(self._duty.tick))
        finally:
            self._ticking = False
        with suppress(*AWAY):
            await self._wake_idle()

    async def _ticked(self, tick: Callable[[Hold], Awaitable[object]]) -> None:
        """Tick; raises IntegrityError only where what is written cannot be written twice in a row.

        Once it happens where the clock was handed over in the middle of a tick, or news was followed
        elsewhere: two were at it at once, and one was quicker.
        """
        try:
            await tick(self._between)
        except IntegrityError as error:
            if self._collided:
                raise
            self._collided = True
            logger.warning("somebody_was_quicker", error=str(error.orig))
        else:
            self._collided = False

    async def _drain(self, lane: str) -> None:
        async with self._draining[lane]:
            if not self._stopping.is_set():
                await self._worked(self._until_idle(self._duty.drainers[lane]))
        if self._stopping.is_set():
            with suppress(*AWAY):
                await self._duty.drainers[lane].let_go()
                await self._wake([lane])

    async def _until_idle(self, drainer: Drainer) -> None:
        while not self._stopping.is_set():
            due = await drainer.drain()
            seconds = HOLD_SECONDS + 1 if due is None else (due - self._app.now()).total_seconds()
            if seconds > HOLD_SECONDS:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), max(0.05, min(seconds, GLANCE_SECONDS)))

    async def _worked(self, work: Awaitable[object]) -> None:
        try:
            await work
        except Superseded as error:
            logger.warning("taken_over", error=str(error))
        except AWAY as error:
            self._waits(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends the process, and is said
            self._fail(error)

    async def _let_go(self) -> None:
        for drainer in self._duty.drainers.values():
            with suppress(*AWAY):
                await drainer.let_go()
