"""Bawab under measurement: a real database on disk with synchronous FULL, audit on, lanes as in the service.

`seed` stores released work as planning would, `drain` works on it until nothing is due, `urgent` adds one
urgent leaver from a process of its own, `idle` only opens the install, `verdict` says what became of every
step and verifies the audit log.
A loop of its own drives the lane here, as the service does, because only so do its waits follow the hastened
clock.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy import func, select

from bench.bawab_settings import INSTANCE, Job, settings_of, store_work, utc_now
from bot.app import Bawab, open_bawab
from bot.messages import Messages
from bot.store.query import columns, table
from bot.store.tables import StepRow
from bot.work import Lane
from connectors.contract import KnownGroups
from policies.model import Account, Group, GroupKind

LONGEST_NAP = 2.0
"""As the service's tick: the longest a lane sleeps before it looks whether something urgent came."""
QUIET = 600.0
"""What is due later than this many seconds from now is another day's work."""
Act = Callable[[Job], Coroutine[Any, Any, dict[str, Any]]]


def main(job: Job, what: str) -> dict[str, Any]:
    """Do one of the things above; gives what it counted."""
    acts: dict[str, Act] = {"seed": _seed, "drain": _drain, "urgent": _urgent, "verdict": _verdict}
    acts["idle"] = _idle
    return asyncio.run(acts[what](job))


async def _seed(job: Job) -> dict[str, Any]:
    async with open_bawab(settings_of(job), now=utc_now) as app:
        await store_work(app, job, {who: groups for who, groups in job["leavers"].items() if who != URGENT})
    return {}


URGENT = "U9URGENT"


async def _urgent(job: Job) -> dict[str, Any]:
    """Add the urgent leaver, as another process of the same install would; gives when it was stored."""
    async with open_bawab(settings_of(job), now=utc_now, connect=False) as app:
        await store_work(app, job, {URGENT: job["leavers"][URGENT]}, urgent=True)
        return {"at": time.time()}


async def _drain(job: Job) -> dict[str, Any]:
    async with open_bawab(settings_of(job), now=utc_now) as app:
        if job.get("look_first"):
            await _look(app, job)
        lane = Lane(app, INSTANCE, Messages(app).delegate)
        cpu = time.process_time()
        recovered = await lane.recover()
        while (due := await lane.drain()) is not None:
            wait = (due - app.now()).total_seconds()
            if wait > QUIET:
                break
            await asyncio.sleep(max(0.0, min(wait, LONGEST_NAP)))
        return {"cpu_drain": time.process_time() - cpu, "recovered": recovered}


async def _idle(job: Job) -> dict[str, Any]:
    """Open the install and do nothing: what it weighs by itself."""
    async with open_bawab(settings_of(job), now=utc_now) as app:
        Lane(app, INSTANCE, Messages(app).delegate)
    return {}


async def _look(app: Bawab, job: Job) -> None:
    """Read every leaver's memberships, as planning did in this process, and have the stub count anew."""
    connector = app.chat[INSTANCE]
    kind = GroupKind(job["kind"])
    for account, groups in job["leavers"].items():
        known = KnownGroups(tuple(Group(INSTANCE, job["platform"], g, g, kind) for g in groups))
        async for _ in connector.memberships(Account(INSTANCE, account), known):
            pass
    request = urllib.request.Request(f"{job['url']}/_stub/mark", data=b"{}", method="POST")  # noqa: S310 - loopback
    urllib.request.urlopen(request).close()  # noqa: S310, ASYNC210 - before anything is measured


async def _verdict(job: Job) -> dict[str, Any]:
    """Count the steps by state, and verify the log."""
    async with open_bawab(settings_of(job), now=utc_now, connect=False) as app:
        steps = columns(StepRow)
        counted = select(steps.state, func.count()).select_from(table(StepRow)).group_by(steps.state)
        async with app.store.read() as tx:
            found = (await tx.execute(counted)).all()
        log = await app.audit.verify()
    return {"states": {state: number for state, number in found}, "log_ok": log.ok, "entries": log.entries}  # noqa: C416 - a row is no pair to mypy
