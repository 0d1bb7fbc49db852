"""Two processes on one database in the same second, and a clock that is set back: nothing is done twice."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.app import open_bawab
from bot.release import release
from bot.service import Service
from bot.store.query import where
from bot.store.tables import CaseRow
from tests.bot.adversary import STAFF, WIDE, everybody, feeds, kicked, line, office
from tests.bot.world import World, channel

CHANNELS = ("a", "b")


async def two(world: World, stack: AsyncExitStack) -> tuple[Service, Service]:
    """Two processes' worth of Bawab on the world's database, besides its own."""
    opened = [
        await stack.enter_async_context(open_bawab(world.app.settings, now=world.clock)) for _ in range(2)
    ]
    return Service(opened[0]), Service(opened[1])


async def test_two_processes_that_see_the_same_feed_take_it_once(tmp_path: Path) -> None:
    channels = (channel(name, *STAFF) for name in CHANNELS)
    async with office(tmp_path, *channels, extra=WIDE) as world, AsyncExitStack() as stack:
        one, other = await two(world, stack)
        before = len(await feeds(world))
        for gone in ("ana", "omar"):
            world.drop(*everybody(line("ana", "terminated"), line(gone, "terminated")))
            await asyncio.gather(one.tick(), other.tick())
        await world.run()
        assert len(await feeds(world)) == before + 2
        cases = [(case.person_id, case.state) for case in await world.cases()]
        assert sorted(cases) == [("ana", "completed"), ("omar", "completed")]
        assert sorted(kicked(world)) == ["ana"] * 2 + ["omar"] * 2
        assert (await world.app.audit.verify()).ok


@pytest.mark.parametrize("first", ["release", "rescind"])
async def test_a_release_and_a_rescission_in_the_same_second_end_in_one_of_the_two(
    tmp_path: Path, first: str
) -> None:
    narrow = WIDE | {"limits": WIDE["limits"] | {"run_count": 1}}
    channels = (channel(name, *STAFF) for name in CHANNELS)
    async with office(tmp_path, *channels, extra=narrow) as world, AsyncExitStack() as stack:
        one, other = await two(world, stack)
        world.drop(*everybody(*(line(name, "terminated") for name in ("ana", "omar", "sara"))))
        await world.run()
        (hold,) = await world.holds()
        world.drop(*everybody(line("omar", "terminated"), line("sara", "terminated")))  # ana stays
        released = release(one._app, hold.digest, actor="person:noura")
        rescinded = other.tick()
        await asyncio.gather(*((released, rescinded) if first == "release" else (rescinded, released)))
        await world.run()
        await world.release_all()
        await world.run()
        state = {case.person_id: case.state for case in await world.cases()}
        assert sorted(name for name in kicked(world) if name != "ana") == ["omar"] * 2 + ["sara"] * 2
        assert kicked(world).count("ana") == (2 if state["ana"] == "completed" else 0)
        assert state["ana"] in {"completed", "cancelled"}
        assert (await world.app.audit.verify()).ok


async def test_a_clock_set_back_by_hours_does_nothing_twice_and_leaves_nothing_waiting(
    tmp_path: Path,
) -> None:
    channels = (channel(name, *STAFF) for name in CHANNELS)
    async with office(tmp_path, *channels, extra=WIDE) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        world.clock.turn(hours=-6)
        world.drop(*everybody(line("ana", "terminated"), line("omar", "terminated")))
        await world.run()
        world.clock.turn(hours=7)
        await world.run()
        assert sorted(kicked(world)) == ["ana", "ana", "omar", "omar"]
        async with world.app.store.read() as tx:
            assert {row.state for row in await where(tx, CaseRow)} == {"completed"}
        numbers = [entry["seq"] for entry in await world.log()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert (await world.app.audit.verify()).ok
