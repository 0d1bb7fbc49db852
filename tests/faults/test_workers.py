"""Many processes on one PostgreSQL: each lane has one drainer, and no process is missed for long."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from bot.app import Bawab
from bot.states import STEP_SUCCESS
from tests.faults.workers import STALLED, Plant, Worker, plant, seed, until
from tests.postgres import Server, fresh, server

STAYING = ("noura", "lina", "huda", "zaid")
LEAVERS = ("ana", "omar")
EVERYBODY = (*LEAVERS, *STAYING)
CHANNELS = 30


def rows(*, gone: bool) -> list[str]:
    left = {name: "terminated,2026-11-01" if gone and name in LEAVERS else "active," for name in EVERYBODY}
    return [f"{name},{name.title()},{name}@corp.test,Sales,{left[name]}," for name in EVERYBODY]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


@pytest.fixture
async def ready(tmp_path: Path, database: str) -> AsyncIterator[Plant]:
    """A plant past its first run, with two leavers waiting in HR's folder, at the pace of a real Slack."""
    inside = {f"sales-{number}": EVERYBODY for number in range(CHANNELS)}
    async with plant(tmp_path, database, {"acme": seed(EVERYBODY, inside)}) as made:
        made.drop(rows(gone=False))
        await made.settle_in()
        made.drop(rows(gone=True))
        made.more["BAWAB_SLACK__ACME__PACE_SCALE"] = "0.2"
        yield made


async def all_out(made: Plant, app: Bawab) -> bool:
    steps = [step for step in await made.steps(app) if step.group_id != "CGENERAL"]
    return len(steps) >= 2 * CHANNELS and all(step.state in STEP_SUCCESS for step in steps)


async def some_out(made: Plant, app: Bawab) -> bool:
    return sum(step.state in STEP_SUCCESS for step in await made.steps(app)) >= 3


async def drains(made: Plant, app: Bawab, worker: Worker) -> bool:
    return (await made.owners(app)).get("acme") == worker.name


async def is_whole(made: Plant, app: Bawab, *, repeated: int) -> None:
    """Everybody who left is out, nobody else is, the log is whole, and few calls were made twice."""
    for channel in range(CHANNELS):
        left = {"UBOT", *(f"U{name.upper()}" for name in STAYING)}
        assert set(await made.members("acme", f"C-sales-{channel}")) == left
    kicks = Counter(
        (call["params"]["channel"], call["params"]["user"])
        for call in await made.journal("acme")
        if call["method"] == "conversations.kick"
    )
    assert sum(kicks.values()) - len(kicks) <= repeated
    assert (await app.audit.verify()).ok


async def drainer_and_other(made: Plant, app: Bawab, first: Worker, second: Worker) -> tuple[Worker, Worker]:
    """Wait until somebody has begun; gives who, and who has not."""
    await until(lambda: some_out(made, app))
    return (first, second) if await drains(made, app, first) else (second, first)


async def test_a_killed_worker_is_replaced_and_nothing_is_lost_or_doubled(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        killed, other = await drainer_and_other(ready, app, first, second)
        killed.send(signal.SIGKILL)
        await until(lambda: drains(ready, app, other), seconds=4 * STALLED)
        await until(lambda: all_out(ready, app))
        await is_whole(ready, app, repeated=20)
        assert await ready.ticks(app) == other.name


async def test_a_worker_that_slept_neither_acts_nor_records_over_its_successor(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        slept, other = await drainer_and_other(ready, app, first, second)
        # If need be in the middle of a write, with the lock that all others wait for.
        slept.send(signal.SIGSTOP)
        await until(lambda: drains(ready, app, other), seconds=4 * STALLED)
        await until(lambda: all_out(ready, app))
        calls = len(await ready.journal("acme"))
        slept.send(signal.SIGCONT)
        slept.send(signal.SIGTERM)
        assert await slept.ended() == 0
        await is_whole(ready, app, repeated=20)
        kicks = [call["method"] for call in (await ready.journal("acme"))[calls:]]
        assert "conversations.kick" not in kicks
        assert not await drains(ready, app, slept)


async def test_a_stopped_worker_hands_its_lane_over_at_once(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        stopped, other = await drainer_and_other(ready, app, first, second)
        stopped.send(signal.SIGTERM)
        assert await stopped.ended() == 0
        await until(lambda: drains(ready, app, other), seconds=STALLED)
        await until(lambda: all_out(ready, app))
        await is_whole(ready, app, repeated=0)


async def test_an_older_worker_stops_where_a_newer_one_changed_the_tables(
    ready: Plant, database: str
) -> None:
    async with ready.opened() as app, AsyncExitStack() as stack:
        older = await stack.enter_async_context(ready.worker())
        await until(lambda: some_out(ready, app))
        with psycopg.connect(database, autocommit=True) as connection:
            before = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            assert await older.ended() == 5
            assert any("9999" in line and "newer" in line for line in older.said)
            assert not await drains(ready, app, older)
            late = await stack.enter_async_context(ready.worker())
            assert await late.ended() == 5
            connection.execute("UPDATE alembic_version SET version_num = %s", before)
        await stack.enter_async_context(ready.worker())
        await until(lambda: all_out(ready, app))
        await is_whole(ready, app, repeated=0)
