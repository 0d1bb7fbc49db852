"""One of the job queue's workers in this process, begun again whenever the database had gone away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from psycopg.conninfo import conninfo_to_dict

from bot.claims import this_process
from bot.dispatch_alone import address_of
from bot.dispatch_schema import SCHEMA
from bot.setting_parts import WorkersSettings
from bot.store.db import StoreAway, StoreBusy

CONNECTIONS: Final = 4
"""How many the queue keeps beside the store's own; each hand listens on one more."""
LOOK_SECONDS: Final = 1.0
"""How often a hand looks for jobs that it was not told of: one waits here for its lane to be handed over."""
PATIENCE_SECONDS: Final = 10.0
AWAY: Final = (ConnectorException, psycopg.Error, StoreAway, StoreBusy)
"""The database is not there now, or so busy that it kept us waiting: to be waited for, never to end of."""

logger = structlog.get_logger(__name__)


def queue_app(url: str) -> App:
    """Give the queue in the database of this address; its tables stand in a schema of their own."""
    own = conninfo_to_dict(address_of(url)).get("options") or ""
    asked = f"{own} -c search_path={SCHEMA}".strip()
    address = address_of(url, options=asked, application_name="bawab jobs")
    connector = PsycopgConnector(conninfo=address, min_size=1, max_size=CONNECTIONS, timeout=PATIENCE_SECONDS)
    app = App(connector=connector)
    app.job_manager = _Manager(connector)
    return app


class _Manager(JobManager):
    """Ends jobs, or leaves that to others: one taken over meanwhile is not ours to end."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Take the job out of the queue; where that fails, whoever sweeps does it."""
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException:
            logger.warning("job_not_ended", job=job.task_name, lane=job.lock)


class Hand:
    """Takes jobs from some queues, so many at once, until it is told to stop."""

    def __init__(
        self,
        jobs: App,
        settings: WorkersSettings,
        queues: Sequence[str],
        at_once: int,
        back: Callable[[], Awaitable[None]],
    ) -> None:
        """`back` is awaited each time the database has come back."""
        self._jobs = jobs
        self._settings = settings
        self._queues = list(queues)
        self._at_once = at_once
        self._back = back
        self._worker: Worker | None = None

    @property
    def number(self) -> int | None:
        """Its number in the queue's table of workers, while it is registered there."""
        return self._worker.worker_id if self._worker is not None else None

    async def run(self, stopping: asyncio.Event) -> None:
        """Take jobs until stopped, and finish those begun."""
        while not stopping.is_set():
            self._worker = worker = self._new()
            number = await self._live(worker, stopping)
            if stopping.is_set():
                break
            logger.warning("job_queue_away", process=this_process())
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)
            with suppress(*AWAY):
                # What it had begun has ended here: nobody need wait until its heart counts as stopped.
                if number is not None:
                    await self._jobs.job_manager.unregister_worker(number)
                await self._back()

    async def beat(self) -> None:
        """Give a sign of life: the worker's own stops without a word at the first one that fails."""
        if self.number is not None:
            await self._jobs.job_manager.update_heartbeat(self.number)

    async def _live(self, worker: Worker, stopping: asyncio.Event) -> int | None:
        """Let a worker work until it ends or is to stop; gives its number."""
        runs: Any = worker  # its package types these two not at all
        works, asked = asyncio.create_task(runs.run()), asyncio.create_task(stopping.wait())
        await asyncio.wait({works, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        number = worker.worker_id
        runs.stop()
        with suppress(*AWAY):
            await works
        return number

    def _new(self) -> Worker:
        return Worker(
            self._jobs,
            queues=self._queues,
            name=this_process(),
            concurrency=self._at_once,
            fetch_job_polling_interval=LOOK_SECONDS,
            abort_job_polling_interval=self._settings.stalled_seconds,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._settings.heartbeat_seconds,
            stalled_worker_timeout=self._settings.stalled_seconds,
        )
