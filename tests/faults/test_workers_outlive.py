"""A database that stops and starts again ends no worker; one that was never there ends it at its start."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from bot.app import Bawab
from tests.bot.world import POLICY
from tests.faults.division import all_out, divided, is_whole, out, some_out
from tests.faults.workers import Plant, Worker, until
from tests.postgres import Server, fresh, server


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    # What was committed outlives a crash: nothing may be lost for want of a disk that was waited for.
    with server(quick=False) as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


async def test_workers_outlive_a_database_that_stops_and_one_that_crashes(
    tmp_path: Path, running: Server, database: str
) -> None:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(divided(tmp_path, database))
        made.more["BAWAB_SLACK__ACME__PACE_SCALE"] = "0.6"
        app = await stack.enter_async_context(made.opened())
        workers = [await stack.enter_async_context(made.worker()) for _ in range(2)]
        await until(lambda: some_out(made, app))
        for how in (signal.SIGINT, signal.SIGQUIT):
            await asyncio.to_thread(running.stop, how)
            await until(lambda: _said(*workers))
            assert [worker.process.returncode for worker in workers] == [None, None]
            await asyncio.to_thread(running.start)
            await _goes_on(made, app)
        await until(lambda: all_out(made, app))
        await is_whole(made, app, repeated=2 * 8)
        for worker in workers:
            worker.send(signal.SIGTERM)
        assert [await worker.ended() for worker in workers] == [0, 0]


async def _said(*workers: Worker) -> bool:
    """Whether each says that it waits for the database."""
    told = [sum("database_away" in line for line in worker.said) for worker in workers]
    for worker in workers:
        worker.said = worker.said if min(told) == 0 else []
    return min(told) > 0


async def _goes_on(made: Plant, app: Bawab) -> None:
    before = await out(made, app)

    async def more() -> bool:
        return await out(made, app) > before or await all_out(made, app)

    await until(more)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://bawab@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
        ("postgresql://locked:wrong@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgresql://bawab@127.0.0.1:1/postgres", "Connection refused"),
    ],
)
async def test_a_worker_whose_database_was_never_there_ends_and_says_why(
    tmp_path: Path, running: Server, address: str, words: str
) -> None:
    _lock(running)
    made = Plant(tmp_path, address.format(port=running.port))
    made.more["BAWAB_MANUAL__WA__PLATFORM"] = "whatsapp"
    (tmp_path / "hr").mkdir()
    (tmp_path / "policy.yaml").write_text(POLICY)
    async with made.worker() as worker:
        assert await worker.ended() == 5
    assert any(words in line for line in worker.said)


def _lock(running: Server) -> None:
    """Make a user who must give a password."""
    rules = running.folder / "data" / "pg_hba.conf"
    if "locked" not in (before := rules.read_text()):
        rules.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{before}")
        with psycopg.connect(running.url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
            connection.execute("SELECT pg_reload_conf()")
