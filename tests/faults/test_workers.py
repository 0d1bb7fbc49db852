"""Many processes on one PostgreSQL: each lane has one drainer, and no process is missed for long."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from tests.faults.division import (
    all_out,
    divided,
    drainer_and_other,
    drains,
    hold,
    is_whole,
    let_go,
    some_out,
)
from tests.faults.workers import Plant, until
from tests.postgres import Server, fresh, server


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


@pytest.fixture
async def ready(tmp_path: Path, database: str) -> AsyncIterator[Plant]:
    async with divided(tmp_path, database) as made:
        yield made


async def test_a_killed_worker_is_replaced_and_nothing_is_lost_or_doubled(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        await hold(ready)
        killed, other = await drainer_and_other(ready, app, first, second)
        killed.send(signal.SIGKILL)
        await until(lambda: drains(ready, app, other))
        await let_go(ready)
        await until(lambda: all_out(ready, app))
        await is_whole(ready, app, repeated=20)
        assert await ready.ticks(app) == other.name


async def test_a_worker_that_slept_neither_acts_nor_records_over_its_successor(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        await hold(ready)
        slept, other = await drainer_and_other(ready, app, first, second)
        # If need be in the middle of a write, with the lock that all others wait for.
        slept.send(signal.SIGSTOP)
        await until(lambda: drains(ready, app, other))
        await let_go(ready)
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
    # Whoever waited until it counts as dead would wait too long for this test.
    ready.more["BAWAB_WORKERS__STALLED_SECONDS"] = "600"
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        await hold(ready)
        stopped, other = await drainer_and_other(ready, app, first, second)
        stopped.send(signal.SIGTERM)
        assert await stopped.ended() == 0
        await until(lambda: drains(ready, app, other))
        await let_go(ready)
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
