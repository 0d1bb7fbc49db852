"""How work is divided on PostgreSQL: who may join, who ticks, and what the job queue's tables are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.app import Bawab, open_bawab
from bot.audit.keys import KeyProblem
from bot.claims import Superseded, claim
from bot.dispatch_alone import turn
from bot.dispatch_clock import Clock
from bot.dispatch_jobs import queue_of
from bot.dispatch_schema import ensure_queue
from bot.only_one import AlreadyRunning, only_one
from bot.setting_parts import WorkersSettings
from bot.settings import ManualInstance, Settings
from tests.bot.cli.shop import run_main
from tests.postgres import Server, fresh, server


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


@asynccontextmanager
async def host(folder: Path, url: str) -> AsyncIterator[Bawab]:
    """Open Bawab as one host of several does: its own data folder, the same database."""
    settings = Settings(
        _env_file=None, data_dir=folder, database_url=url, manual={"wa": ManualInstance()}, time_zone="UTC"
    )
    async with open_bawab(settings) as app:
        yield app


@given(st.floats(0.1, 600), st.floats(2, 100))
def test_a_lease_is_over_before_a_successor_is_let_in(heartbeat: float, times: float) -> None:
    settings = WorkersSettings(heartbeat_seconds=heartbeat, stalled_seconds=heartbeat * times)
    # The last sign of life may be a heartbeat older than the last write.
    assert settings.lease_seconds + settings.heartbeat_seconds < settings.stalled_seconds


def test_a_process_must_be_able_to_miss_a_heartbeat() -> None:
    with pytest.raises(ValueError, match="at least twice HEARTBEAT_SECONDS"):
        WorkersSettings(heartbeat_seconds=10, stalled_seconds=19)


@given(st.text(max_size=120), st.text(max_size=120))
def test_each_lane_has_a_queue_whose_name_postgresql_takes(one: str, other: str) -> None:
    assert len(queue_of(one).encode()) <= 40
    assert (queue_of(one) == queue_of(other)) is (one == other)


def test_a_worker_needs_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAWAB_DATABASE_URL", raising=False)
    monkeypatch.setenv("BAWAB_MANUAL__WA__PLATFORM", "whatsapp")
    answer = run_main("worker")
    assert answer.code == 5
    assert "postgresql://" in answer.err


async def test_the_queue_is_made_once_and_brought_on_by_what_misses(tmp_path: Path, database: str) -> None:
    async with host(tmp_path, database) as app:
        made = await ensure_queue(app.store, 30.0)
        assert made
        assert await ensure_queue(app.store, 30.0) == []
        newest = made[-1]
        async with app.store.write() as tx:
            gone = text("DELETE FROM procrastinate.bawab_applied WHERE migration = :name")
            await tx.execute(gone, {"name": newest})
            await tx.execute(text("INSERT INTO procrastinate.procrastinate_workers DEFAULT VALUES"))
        assert "_post_" in newest
        # An older process that still lives would miss something.
        assert await ensure_queue(app.store, 30.0) == []
        async with app.store.write() as tx:
            await tx.execute(text("DELETE FROM procrastinate.procrastinate_workers"))
        assert await ensure_queue(app.store, 30.0) == [newest]


async def test_whoever_must_be_alone_is_and_others_may_be_together(tmp_path: Path, database: str) -> None:
    async with host(tmp_path, database) as app, host(tmp_path, database) as other:
        async with only_one(app, alone=False), only_one(other, alone=False):
            with pytest.raises(AlreadyRunning, match="must be alone"):
                async with only_one(app):
                    pass
        async with only_one(app):
            with pytest.raises(AlreadyRunning, match="wait for its end"):
                async with only_one(other, alone=False):
                    pass


async def test_a_host_with_a_key_of_its_own_is_refused(tmp_path: Path, database: str) -> None:
    async with host(tmp_path / "a", database) as app, host(tmp_path / "b", database) as other:
        async with only_one(app, alone=False):
            pass
        with pytest.raises(KeyProblem, match="copy audit-signing"):
            async with only_one(other, alone=False):
                pass


async def test_one_process_ticks_until_its_heart_stops(tmp_path: Path, database: str) -> None:
    async with host(tmp_path, database) as app:
        await ensure_queue(app.store, 30.0)
        async with app.store.write() as tx:
            beats = text(
                "INSERT INTO procrastinate.procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id"
            )
            first, second = [(await tx.execute(beats)).scalar_one() for _ in range(2)]
        clocks = Clock(app), Clock(app)
        assert await clocks[0].is_ours(first)
        assert not await clocks[1].is_ours(second)
        async with app.store.write() as tx:
            old = text(
                "UPDATE procrastinate.procrastinate_workers "
                "SET last_heartbeat = now() - interval '31 seconds' WHERE id = :id"
            )
            await tx.execute(old, {"id": first})
        assert await clocks[1].is_ours(second)
        assert not await clocks[0].is_ours(first)


async def test_a_lane_taken_over_writes_nothing_for_its_former_drainer(tmp_path: Path, database: str) -> None:
    async with host(tmp_path, database) as app:
        first = await claim(app, "wa")
        await app.store.batch(first.hold)
        second = await claim(app, "wa")
        with pytest.raises(Superseded):
            await app.store.batch(first.hold)
        await app.store.batch(second.hold)


async def test_a_turn_ends_with_its_connection(database: str) -> None:
    async with turn(database, "polling acme") as held, turn(database, "polling acme") as waits:
        assert held is not None
        assert waits is None
        async with turn(database, "polling other") as other:
            assert other is not None
    async with turn(database, "polling acme") as again:
        assert again is not None
