"""A process that stood still (a frozen machine) sends nothing on what it knew before, and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.casework import cancel
from bot.claims import awake, claim
from bot.messages import Messages
from bot.work import Lane
from connectors.eased import GoesByWire
from tests.bot.adversary import everybody, kicked, line, office
from tests.bot.world import World, channel

LONG = 600.0


def stopped_after(looks: int) -> Callable[[], float]:
    """A clock that counts sleep, of a machine that sleeps for ten minutes after so many looks at it."""
    seen = 0

    def now() -> float:
        nonlocal seen
        seen += 1
        return awake() + (LONG if seen >= looks else 0.0)

    return now


async def drained(world: World, clock: Callable[[], float]) -> None:
    """Let one lane work by a clock of its own, until nothing is due."""
    held = replace(await claim(world.app, "acme"), _clock=clock)
    lane = Lane(world.app, "acme", Messages(world.app).delegate, claim=held)
    for _ in range(20):
        if (due := await lane.drain()) is None:
            return
        world.clock.turn(seconds=max(0.0, (due - world.clock.now).total_seconds()))


@pytest.mark.parametrize("looks", [2, 4, 5, 8])
async def test_whoever_stood_still_looks_again_and_everybody_is_out_once(looks: int, tmp_path: Path) -> None:
    rooms = [channel(name, "ana", "omar") for name in "abc"]
    async with office(tmp_path, *rooms) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.service.tick()
        await drained(world, stopped_after(looks))
        assert kicked(world) == ["ana"] * 3
        assert {step.state for step in await world.steps()} == {"verified_absent"}
        assert (await world.app.audit.verify()).ok


async def test_who_was_taken_back_while_the_process_stood_still_stays_in(tmp_path: Path) -> None:
    async with office(tmp_path, channel("a", "ana", "omar")) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.service.tick()
        (case,) = await world.cases()
        held = await claim(world.app, "acme")
        asleep: list[bool] = []
        still = replace(held, _clock=lambda: awake() + LONG * len(asleep))
        lane = Lane(world.app, "acme", Messages(world.app).delegate, claim=still)
        slack = world.app.chat["acme"]
        assert isinstance(slack, GoesByWire)
        slack.wire.part_refused("POST", "api", "conversations.kick", 0.5)  # so long it waits for its turn
        draining = asyncio.create_task(lane.drain())
        while {step.state for step in await world.steps()} != {"requested"}:  # noqa: ASYNC110 - of the lane
            await asyncio.sleep(0.01)
        asleep.append(True)
        async with world.app.store.write() as tx:
            assert await cancel(world.app, tx, case, reason="rescinded", actor="person:noura")
        await draining
        world.clock.turn(seconds=5)
        await lane.drain()
        assert kicked(world) == []
        assert {step.state for step in await world.steps()} == {"cancelled"}
