"""Who does the work: tasks of this one process on SQLite, jobs for any process of any host on PostgreSQL."""

from __future__ import annotations

from typing import Protocol

from bot.app import Bawab
from bot.dispatch_duty import Duty
from bot.dispatch_tasks import OneProcess


class Dispatch(Protocol):
    """Runs a process's share of the work until it is told to stop."""

    async def run(self) -> None:
        """Tick and drain until `Duty.stopping`; a step that has begun is finished and recorded."""


def dispatch(app: Bawab, duty: Duty) -> Dispatch:
    """Choose by the database: nothing else knows which of the two it is."""
    if app.store.dialect != "postgresql":
        return OneProcess(app, duty)
    from bot.dispatch_jobs import OverHosts  # noqa: PLC0415 - one process with a file needs no job queue

    return OverHosts(app, duty)
