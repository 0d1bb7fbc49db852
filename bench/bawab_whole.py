"""Bawab's whole way, as the service goes it: HR's file, links, plan, removal, read-back, reconcile.

`enrol` reads a first file in which everybody is active and releases what waits, `leave` a second one in which
the leavers are gone, `nightly` lets a day pass and compares everybody who must be out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.bawab_settings import INSTANCE, Job, settings_of, utc_now
from bot.app import Bawab, open_bawab
from bot.holds import open_holds
from bot.release import release
from bot.service import Service
from bot.store.query import columns, table
from bot.store.tables import StepRow

POLICY = """\
version: 1
rules:
  - id: leaver
    on: [leaver, contractor_end]
    groups: all
    action: remove
    when: now
"""
HEAD = f"employee_id,name,email,status,time_zone,account_{INSTANCE}"
NO_LIMITS = dict.fromkeys(
    ("run_count", "run_percent", "run_ceiling", "day_count", "day_percent", "day_ceiling", "group_count"),
    10**6,
) | {"group_percent": 100}
ROUNDS = 6
"""How often waiting releases are given: links, the first run, thresholds."""


def main(job: Job, what: str) -> dict[str, Any]:
    """Do one of the three; gives the steps by state."""
    return asyncio.run({"enrol": _enrol, "leave": _leave, "nightly": _nightly}[what](job))


@asynccontextmanager
async def _open(job: Job, days: int = 0) -> AsyncIterator[Bawab]:
    folder = Path(job["folder"])
    (folder / "hr").mkdir(exist_ok=True)
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    feed = {"hr": {"path": folder / "hr", "settle_seconds": 0.0}}
    told = {"hr": feed, "policies": folder / "policy.yaml", "limits": NO_LIMITS, "recheck_after": []}
    # Late looks cost calls of their own; they are not part of what is counted here.
    async with open_bawab(settings_of(job, **told), now=lambda: utc_now() + timedelta(days=days)) as app:
        yield app


def _drop(job: Job, name: str, gone: Iterable[str]) -> None:
    """Write HR's file as finished: everybody, and who of them is gone."""
    left = set(gone)
    stay = [f"S{number:06}" for number in range(job.get("staff", 100))]
    lines = [
        f"E-{who},Person {who},{who.lower()}@corp.test,{'terminated' if who in left else 'active'},UTC,"
        + (who if who in job["leavers"] else "")
        for who in [*job["leavers"], *stay]
    ]
    path = Path(job["folder"]) / "hr" / name
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    path.with_name(path.name + ".done").touch()


async def _run(app: Bawab) -> None:
    """Run and release until nothing waits any more."""
    service = Service(app)
    for _ in range(ROUNDS):
        await service.once(quiet=600.0)
        async with app.store.read() as tx:
            holds = await open_holds(tx)
        if not holds:
            return
        for hold in holds:
            await release(app, hold.digest, actor="person:bench")


async def _enrol(job: Job) -> dict[str, Any]:
    async with _open(job) as app:
        _drop(job, "1.csv", ())
        await _run(app)
        return await _counted(app)


async def _leave(job: Job) -> dict[str, Any]:
    async with _open(job) as app:
        _drop(job, "2.csv", job["leavers"])
        cpu = time.process_time()
        await _run(app)
        return await _counted(app) | {"cpu_drain": time.process_time() - cpu}


async def _nightly(job: Job) -> dict[str, Any]:
    async with _open(job, days=2) as app:
        await _run(app)
        return await _counted(app)


async def _counted(app: Bawab) -> dict[str, Any]:
    steps = columns(StepRow)
    counted = select(steps.state, func.count()).select_from(table(StepRow)).group_by(steps.state)
    async with app.store.read() as tx:
        return {"states": {str(row[0]): int(row[1]) for row in (await tx.execute(counted)).all()}}
