"""PostgreSQL stopped, crashed, replaced, cut off while people are leaving: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT, Signals

import pytest

from bot.app import open_bawab
from bot.service import Service
from bot.store.db import Store, StoreAway
from tests.bot.adversary import STAFF, WIDE, everybody, kicked, line, office
from tests.bot.world import World, channel
from tests.faults.wire_cutter import When, cutting
from tests.postgres import Server, fresh, server, template

CHANNELS = ("a", "b", "c")
LEAVERS = STAFF[:3]
LAST = "verified_absent"
MANY = 5
"""How many starts the cut wire must have ended, for the test to have shown anything."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server of this module's own, to be stopped and started."""
    with server("fsync=off", quick=False) as running:
        template(running)
        yield running


@asynccontextmanager
async def small(folder: Path, url: str) -> AsyncIterator[World]:
    """A company on that database, past its first run, three of its people having just left."""
    channels = (channel(name, *STAFF) for name in CHANNELS)
    async with office(folder, *channels, extra=WIDE | {"database_url": url}) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in LEAVERS)))
        yield world


async def until_done(world: World, url: str, *, tries: int = 40) -> int:
    """Start Bawab anew on that address whenever it ended for want of its database; gives how often it did."""
    settings = world.app.settings.model_copy(update={"database_url": url})
    ended = 0
    for _ in range(tries):
        try:
            async with open_bawab(settings, now=world.clock) as app:
                await Service(app).once(quiet=0.0)
        except StoreAway:
            ended += 1
        else:
            if await _nothing_open(world):
                return ended
        world.clock.turn(minutes=2)
    raise AssertionError(f"not done after {tries} starts")


async def _nothing_open(world: World) -> bool:
    states = [case.state for case in await world.cases()]
    return len(states) == len(LEAVERS) and set(states) == {"completed"}


async def all_is_well(world: World) -> None:
    """Each removal took effect once, each step has one last entry, and the log verifies."""
    assert sorted(kicked(world)) == sorted(LEAVERS * len(CHANNELS))
    steps, log = await world.steps(), await world.log()
    assert {step.state for step in steps} == {LAST}
    assert len(steps) == len(LEAVERS) * len(CHANNELS)
    for step in steps:
        ends = [entry["outcome"] for entry in log if entry["step_id"] == step.id]
        assert ends.count(LAST) == 1, ends
        assert ends[-1] == LAST
    assert (await world.app.audit.verify()).ok


def at_call(world: World, number: int, what: Callable[[], None]) -> None:
    """Do something once, when so many removals have been asked of the platform."""
    seen = iter(range(1, 1000))

    def look() -> None:
        if next(seen) == number:
            what()

    world.sandbox.after_call = {"conversations.kick": look}


@pytest.mark.parametrize(("how", "at"), [(SIGINT, 1), (SIGQUIT, 4), (SIGINT, 9)])
async def test_a_server_stopped_or_crashed_in_the_middle_is_gone_on_with_when_it_is_back(
    tmp_path: Path, postgres: Server, how: Signals, at: int
) -> None:
    url = fresh(postgres)
    async with small(tmp_path, url) as world:
        at_call(world, at, lambda: postgres.stop(how))
        settings = world.app.settings
        async with open_bawab(settings, now=world.clock) as app:
            with pytest.raises(StoreAway):
                await Service(app).once(quiet=0.0)
        with pytest.raises(StoreAway, match="does not answer"):
            async with open_bawab(settings, now=world.clock):
                raise AssertionError("there is no server")
        before = len(kicked(world))
        postgres.start()
        assert await until_done(world, url) == 0
        assert before <= len(LEAVERS) * len(CHANNELS)
        await all_is_well(world)


@pytest.mark.parametrize(("when", "first"), [("before", 1), ("after", 2)])
async def test_a_commit_whose_answer_never_came_is_neither_lost_nor_done_twice(
    tmp_path: Path, postgres: Server, when: When, first: int
) -> None:
    url = fresh(postgres)
    async with small(tmp_path, url) as world, cutting(postgres.port) as (cutter, port):
        cutter.when, cutter.next_cut = when, first
        ended = await until_done(world, url.replace(f":{postgres.port}/", f":{port}/"))
        assert ended >= MANY
        assert cutter.cuts == ended
        await all_is_well(world)


async def test_another_server_takes_over_at_the_same_address_in_the_middle_of_a_transaction(
    tmp_path: Path, postgres: Server
) -> None:
    url = fresh(postgres)
    async with small(tmp_path, url) as world:
        app = world.app
        with pytest.raises(StoreAway):
            await _write_while(app.store, lambda: _fail_over(postgres))
        async with app.store.read() as tx:  # the connections of before are found dead, and replaced
            found = await tx.exec_driver_sql("SELECT key FROM meta WHERE key = 'never committed'")
            assert found.all() == []
        await world.service.once(quiet=0.0)
        assert await until_done(world, url) == 0
        await all_is_well(world)


async def _write_while(store: Store, what: Callable[[], None]) -> None:
    async with store.write() as tx:
        await tx.exec_driver_sql("INSERT INTO meta (key) VALUES ('never committed')")
        await asyncio.to_thread(what)
        await tx.exec_driver_sql("SELECT 1")


def _fail_over(postgres: Server) -> None:
    """End it as a power cut does, and start another with a copy of its files at its address."""
    postgres.stop(SIGQUIT)
    old = postgres.folder
    postgres.folder = old / "successor"
    shutil.copytree(old / "data", postgres.folder / "data")
    (postgres.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    for found in [postgres.folder, *postgres.folder.rglob("*")]:
        owner = old.stat()
        os.chown(found, owner.st_uid, owner.st_gid)
    postgres.start()
