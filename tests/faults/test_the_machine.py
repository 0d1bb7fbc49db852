"""The machine's own failures: a full disk, a locked or read-only database, a second run, a stop half way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.app import open_bawab
from bot.only_one import AlreadyRunning, only_one
from bot.service import Service
from bot.store.db import Store, StoreProblem
from tests.bot.adversary import STAFF, WIDE, everybody, kicked, line, office
from tests.bot.world import World, channel

CHANNELS = ("a", "b", "c")


@asynccontextmanager
async def small(folder: Path) -> AsyncIterator[World]:
    async with office(folder, *(channel(name, *STAFF) for name in CHANNELS), extra=WIDE) as world:
        yield world


async def finished(world: World, *gone: str) -> None:
    """A fresh process on the same folder does all that is left, once, and its log verifies."""
    async with open_bawab(world.app.settings, now=world.clock) as app:
        for _ in range(3):
            await Service(app).once(quiet=0.0)
            world.clock.turn(minutes=2)
        assert (await app.audit.verify()).ok
    assert sorted(kicked(world)) == sorted(gone * len(CHANNELS))
    assert {step.state for step in await world.steps()} == {"verified_absent"}
    assert {case.state for case in await world.cases()} == {"completed"}


async def no_more_than(store: Store, database: Path, spare_pages: int) -> None:
    """A disk with room for so many pages more: SQLite then answers as it does on a full one."""
    with closing(sqlite3.connect(database)) as counting:
        counting.execute("VACUUM")  # pages that lie free would be room too
        pages = counting.execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages + spare_pages}")
        cursor.close()

    await store.aclose()  # its open connections know no limit; it opens new ones
    for engine in store.engines:
        event.listen(engine, "connect", limit)


@pytest.mark.sqlite_only("it limits the pages of the file")
@pytest.mark.parametrize("spare", [0, 3, 8])
async def test_a_full_disk_stops_the_run_with_words_and_the_next_run_finishes(
    tmp_path: Path, spare: int
) -> None:
    async with small(tmp_path) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:3])))
        async with open_bawab(world.app.settings, now=world.clock) as app:
            await no_more_than(app.store, app.settings.data_dir / "bawab.db", spare)
            with pytest.raises(StoreProblem, match="free space, then start Bawab again"):
                await Service(app).once(quiet=0.0)
        await finished(world, *STAFF[:3])


@pytest.mark.sqlite_only("one session locks the whole file")
async def test_a_database_locked_by_another_program_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        world.drop(*everybody(line("ana", "terminated")))
        impatient = Store.open(world.app.settings.database, busy_timeout=0.05)
        other = sqlite3.connect(world.app.settings.data_dir / "bawab.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreProblem, match="locked by another program"):
                async with impatient.write():
                    raise AssertionError("the lock was not ours to take")
            async with impatient.read():
                """Reading goes on meanwhile."""
        finally:
            other.close()
            await impatient.aclose()
        await finished(world, "ana")


@pytest.mark.sqlite_only("a file opened for reading")
async def test_a_read_only_database_is_said(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        store = Store.open(f"{world.app.settings.database.replace('///', '///file:')}?mode=ro&uri=true")
        try:
            with pytest.raises(StoreProblem, match="readonly"):
                async with store.write() as tx:
                    await tx.exec_driver_sql("UPDATE meta SET key = key")
        finally:
            await store.aclose()


async def test_a_second_run_on_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with small(tmp_path) as world, only_one(world.app):
        async with open_bawab(world.app.settings, now=world.clock) as second:
            with pytest.raises(AlreadyRunning, match="stop it first"):
                async with only_one(second):
                    raise AssertionError("two of them at work")
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert kicked(world) == ["ana"] * 3


@pytest.mark.sqlite_only("its trigger is spelled for SQLite")
async def test_an_exception_in_the_middle_of_a_feed_leaves_nothing_half_done(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        before = [entry["hash"] for entry in await world.log()]
        world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:3])))
        async with world.app.store.write() as tx:
            await tx.exec_driver_sql(
                "CREATE TRIGGER broken BEFORE INSERT ON lifecycle_case WHEN NEW.person_id = 'omar' "
                "BEGIN SELECT RAISE(ABORT, 'pulled the plug'); END"
            )
        with pytest.raises(Exception, match="pulled the plug"):
            await world.service.tick()
        assert not await world.cases()
        assert [entry["hash"] for entry in await world.log()] == before
        async with world.app.store.write() as tx:
            await tx.exec_driver_sql("DROP TRIGGER broken")
        await finished(world, *STAFF[:3])


async def test_a_stop_finishes_the_step_under_way_and_hands_back_the_rest(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:3])))
        service = Service(world.app)
        world.sandbox.after_call = {"conversations.kick": service.stop}
        await asyncio.wait_for(service.forever(), 20)
        under_way = len(kicked(world))
        assert 1 <= under_way <= 2, "so many calls are in flight at first"
        states = [step.state for step in await world.steps()]
        assert states.count("pending") == 9 - under_way
        assert "requested" not in states
        world.sandbox.after_call = {}
        await finished(world, *STAFF[:3])


async def test_the_service_says_why_it_ends_when_the_clock_meets_a_fault(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        settings = world.app.settings.model_copy(update={"tick_seconds": 0.05})
        async with open_bawab(settings, now=world.clock) as app:
            service = Service(app)
            running = asyncio.create_task(service.forever())
            await asyncio.sleep(0.15)
            async with app.store.write() as tx:
                await tx.exec_driver_sql("ALTER TABLE lifecycle_case RENAME TO elsewhere")
            with pytest.raises(StoreProblem, match="has no tables yet"):
                await asyncio.wait_for(running, 10)


async def test_a_tick_longer_than_the_clock_is_not_begun_twice(tmp_path: Path) -> None:
    async with small(tmp_path) as world:
        settings = world.app.settings.model_copy(update={"tick_seconds": 0.005})
        world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:3])))
        async with open_bawab(settings, now=world.clock) as app:
            service = Service(app)
            out = {"conversations.kick": lambda: service.stop() if len(kicked(world)) == 9 else None}
            world.sandbox.after_call = out
            await asyncio.wait_for(service.forever(), 20)
            world.sandbox.after_call = {}
        await finished(world, *STAFF[:3])
