"""Goal 14: what one step costs while few or many others wait: processor time of this process, SQLite."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.table import Row, as_text
from bot.app import Bawab
from bot.holds import open_holds
from bot.messages import Messages
from bot.release import release
from bot.service import Service
from bot.states import STEP_BOT_AT_WORK
from bot.store.query import columns, table, where
from bot.store.tables import CaseRow, StepRow
from bot.work import Lane
from tests.faults.workers import Plant, plant, seed

SIZES = (100, 1_000, 10_000, 100_000)
LEAVERS = 6
CHANNELS = 50
STAYING = tuple(f"s{number}" for number in range(20))
A_CASE = 50
"""Steps of one waiting case."""


async def seconds_per_step(waiting: int) -> float:
    """Give the processor seconds of one urgent step while so many others are due, and less urgent."""
    people = [*(f"l{number}" for number in range(LEAVERS)), *STAYING]
    seeds = {"acme": seed(people, {f"c{number}": people for number in range(CHANNELS)})}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/bawab.db"
        async with plant(Path(folder), url, seeds) as made:
            made.more["BAWAB_SETTLE_SECONDS"] = "600"
            _drop(made, people, gone=False)
            await made.settle_in()
            _drop(made, people, gone=True)
            async with made.opened() as app:
                await _planned(app)
                await _fill(app, waiting)
                return await _drained(app)


def _drop(made: Plant, people: Sequence[str], *, gone: bool) -> None:
    status = ["terminated,2026-11-01" if gone and one[0] == "l" else "active," for one in people]
    made.drop([f"{one},{one},{one}@corp.test,Sales,{how}," for one, how in zip(people, status, strict=True)])


async def _planned(app: Bawab) -> None:
    """Plan the leavers' steps, and carry none out."""
    service = Service(app)
    while len(await _urgent(app)) < LEAVERS * CHANNELS:
        await service.tick()
        async with app.store.read() as tx:
            holds = await open_holds(tx)
        for hold in holds:
            await release(app, hold.digest, actor="person:s0")


async def _urgent(app: Bawab) -> list[StepRow]:
    steps = columns(StepRow)
    async with app.store.read() as tx:
        return await where(tx, StepRow, steps.group_id.like("C-%"), steps.id.not_like("waits-%"))


async def _open(app: Bawab, priority: int) -> bool:
    """Whether an urgent one is still to be done: a look that costs little."""
    steps = columns(StepRow)
    mine = [steps.instance == "acme", steps.state.in_(sorted(STEP_BOT_AT_WORK)), steps.priority == priority]
    async with app.store.read() as tx:
        return (await tx.execute(sa.select(steps.id).where(*mine).limit(1))).first() is not None


async def _fill(app: Bawab, waiting: int) -> None:
    """Put in cases of people who wait behind them: due too, and less urgent."""
    step = (await _urgent(app))[0]
    async with app.store.read() as tx:
        case = (await where(tx, CaseRow, columns(CaseRow).id == step.case_id))[0]
    cases = [_like(case, id=f"waits-{number}") for number in range(-(-waiting // A_CASE))]
    steps = [
        _like(
            step,
            id=f"waits-{number}",
            case_id=f"waits-{number // A_CASE}",
            account_id=f"UWAITS{number // A_CASE}",
            group_id=f"C-waits-{number % A_CASE}",
            priority=step.priority + 1,
        )
        for number in range(waiting)
    ]

    def put(connection: sa.Connection) -> None:
        connection.execute(sa.insert(table(CaseRow)), cases)
        connection.execute(sa.insert(table(StepRow)), steps)

    await app.store.batch(put)


def _like(row: Any, **other: object) -> dict[str, Any]:
    return {**row.model_dump(), **other}


async def _drained(app: Bawab) -> float:
    """Carry the urgent ones out; a look every quarter second ends it, at the same cost for every size."""
    done = asyncio.Event()
    lane = Lane(app, "acme", Messages(app).delegate, stopping=done.is_set)
    await lane.recover()
    priority = (await _urgent(app))[0].priority
    before = time.process_time()
    work = asyncio.create_task(lane.drain())
    while not done.is_set():
        await asyncio.sleep(0.25)
        if not await _open(app, priority) or work.done():
            done.set()
    spent = time.process_time() - before
    await work
    return spent / (LEAVERS * CHANNELS)


def rows(*, quick: bool = False) -> list[Row]:
    """Give a row for each size, beside the smallest."""
    sizes = SIZES[:3] if quick else SIZES
    found = {size: min(asyncio.run(seconds_per_step(size)) for _ in range(2)) for size in sizes}
    first = found[sizes[0]]
    return [
        Row(
            14,
            f"one step while {size:,} wait",
            f"{1000 * seconds:.2f} ms",
            f"{1000 * first:.2f} ms while {sizes[0]} wait",
            seconds / first,
            "≤ 1.1",
            "processor time, best of 2",
        )
        for size, seconds in found.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers_waiting", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args(arguments)
    sys.stdout.write(as_text(rows(quick=said.quick)) + "\n")


if __name__ == "__main__":
    main()
