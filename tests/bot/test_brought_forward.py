"""A last day brought forward: while a guard holds the new case, the day agreed before still counts."""

from __future__ import annotations

from pathlib import Path

from bot.release import release
from tests.bot.adversary import STAFF, everybody, kicked, line, office
from tests.bot.world import World, channel

FOUR = STAFF[:4]


async def agreed(world: World) -> None:
    """One after the other four people get a last day, and each is scheduled."""
    rows: list[str] = []
    for name in FOUR:
        rows.append(line(name, last_day="2026-12-20"))
        world.drop(*everybody(*rows))
        await world.run()
        world.clock.turn(days=2)
    assert {case.state for case in await world.cases()} == {"scheduled"}


async def brought_forward(world: World) -> str:
    world.drop(*everybody(*(line(name, last_day="2026-12-05") for name in FOUR)))
    await world.run()
    (hold,) = await world.holds("run_threshold")
    return hold.digest


async def test_while_the_new_day_is_held_the_old_one_still_takes_everybody_out(tmp_path: Path) -> None:
    async with office(tmp_path, *[channel(f"c-{name}", name) for name in FOUR]) as world:
        await agreed(world)
        await brought_forward(world)
        world.clock.turn(days=40)
        await world.run()
        assert sorted(kicked(world)) == sorted(FOUR)


async def test_once_released_the_new_day_counts_and_nobody_is_taken_out_twice(tmp_path: Path) -> None:
    async with office(tmp_path, *[channel(f"c-{name}", name) for name in FOUR]) as world:
        await agreed(world)
        await release(world.app, await brought_forward(world), actor="person:huda")
        states = [case.state for case in await world.cases()]
        assert (states.count("scheduled"), states.count("cancelled")) == (4, 4)
        world.clock.turn(days=8)
        await world.run()
        assert sorted(kicked(world)) == sorted(FOUR)
        world.clock.turn(days=40)
        await world.run()
        assert len(kicked(world)) == 4


async def test_when_hr_goes_back_to_the_first_day_the_held_one_is_called_off(tmp_path: Path) -> None:
    async with office(tmp_path, *[channel(f"c-{name}", name) for name in FOUR]) as world:
        await agreed(world)
        await brought_forward(world)
        world.drop(*everybody(*(line(name, last_day="2026-12-20") for name in FOUR)))
        await world.run()
        assert not await world.holds("run_threshold")
        states = [case.state for case in await world.cases()]
        assert (states.count("scheduled"), states.count("cancelled")) == (4, 4)
