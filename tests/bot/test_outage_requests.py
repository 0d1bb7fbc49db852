"""What a minute without answers costs: few requests, no attempt, no false word that the platform is back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_bawab
from bot.claims import claim
from bot.messages import Messages
from bot.strand import Strand
from bot.work import Lane
from connectors.chat.slack.sandbox import Channel, Fault, FaultKind, running_sandbox
from connectors.eased import GoesByWire
from tests.bot.adversary import WIDE, actions, everybody, kicked, lane, line, office
from tests.bot.world import World, channel, slack_instance

ROOMS = 10
DOWN = timedelta(seconds=60)


def rooms() -> list[Channel]:
    return [channel(f"room-{number}", "ana", "omar", "sara") for number in range(ROOMS)]


async def planned(world: World) -> None:
    """Ana and Omar have left, and the day's work is planned."""
    world.drop(*everybody(line("ana", "terminated"), line("omar", "terminated")))
    await world.service.tick()
    assert len(await world.steps()) == 2 * ROOMS


async def worked(world: World, drainer: Lane, until: datetime) -> bool:
    """Let a lane work as often as it wants to up to an instant; whether it has nothing left to do."""
    for _ in range(200):
        due = await drainer.drain()
        if due is None:
            return True
        if due > until:
            world.clock.now = until
            return False
        world.clock.now = max(world.clock.now, due)
    raise AssertionError("it goes round and round")


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.DROP])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_minute_without_answers_costs_a_lane_at_work_ten_requests_and_no_time_afterwards(
    kind: FaultKind, after_effect: bool, tmp_path: Path
) -> None:
    async with office(tmp_path, *rooms(), extra=WIDE) as world:
        await planned(world)
        drainer = Lane(world.app, "acme", Messages(world.app).delegate)
        begun, before = world.clock.now, len(world.sandbox.journal)
        world.sandbox.faults.append(Fault(kind, times=0, after_effect=after_effect))
        assert not await worked(world, drainer, begun + DOWN)
        assert len(world.sandbox.journal) - before <= 10
        assert (await lane(world)).state == "waiting"
        world.sandbox.faults.clear()
        done = len(kicked(world))
        again = await drainer.drain()
        assert again is not None
        assert again - begun <= DOWN + timedelta(seconds=10)
        world.clock.now = again
        await drainer.drain()
        assert len(kicked(world)) > done, "the first act after the outage comes with the first look"
        assert await worked(world, drainer, begun + DOWN + timedelta(seconds=20))
        assert {step.state for step in await world.steps()} == {"verified_absent"}
        pairs = world.sandbox.effective_removals()
        assert len(pairs) == len(set(pairs)) == 2 * ROOMS, "each was taken out, and once"
        log = await actions(world, "lane.")
        assert (log.count("lane.wait"), log.count("lane.open")) == (1, 1)


async def test_two_answers_lost_are_a_hiccup_and_stop_nobody(tmp_path: Path) -> None:
    async with office(tmp_path, *rooms(), extra=WIDE) as world:
        await planned(world)
        drainer = Lane(world.app, "acme", Messages(world.app).delegate)
        world.sandbox.faults.append(Fault(FaultKind.DROP, "conversations.kick", nth=4, times=1))
        world.sandbox.faults.append(Fault(FaultKind.DROP, "users.conversations", nth=1, times=1))
        assert await worked(world, drainer, world.clock.now + timedelta(seconds=10))
        assert {step.state for step in await world.steps()} == {"verified_absent"}
        assert not await actions(world, "lane.")


async def test_a_look_that_our_own_pace_kept_from_leaving_does_not_say_that_the_platform_is_back(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, *rooms(), extra=WIDE) as world:
        await planned(world)
        drainer = Lane(world.app, "acme", Messages(world.app).delegate)
        world.sandbox.faults.append(Fault(FaultKind.DROP, times=0))
        due = await drainer.drain()
        assert due is not None
        slack = world.app.chat["acme"]
        assert isinstance(slack, GoesByWire)
        slack.wire.part_refused("POST", "api", "conversations.kick", 60.0)
        world.clock.now, before = due, len(world.sandbox.calls("conversations.kick"))
        await drainer.drain()
        assert len(world.sandbox.calls("conversations.kick")) == before, "or nothing was held back here"
        assert (await lane(world)).state == "waiting"
        assert await actions(world, "lane.") == ["lane.wait"]


async def test_what_could_not_be_sent_while_a_platform_is_down_has_used_no_attempt(tmp_path: Path) -> None:
    async with office(tmp_path, *rooms(), extra=WIDE) as world, AsyncExitStack() as server:
        await planned(world)
        url = await server.enter_async_context(running_sandbox(world.sandbox))
        settings = world.app.settings.model_copy(update={"slack": {"acme": slack_instance(url)}})
        async with open_bawab(settings, now=world.clock) as app:
            await app.chat["acme"].own_account_ids()
            await server.aclose()
            begun, drainer = world.clock.now, Lane(app, "acme", Messages(app).delegate)
            assert not await worked(world, drainer, begun + timedelta(hours=6))
        steps = await world.steps()
        assert {step.state for step in steps} == {"pending"}
        assert max(step.attempts for step in steps) <= 1, "only what was asked before it counted as down"
        assert sum(step.attempts for step in steps) <= 3
        assert kicked(world) == []


async def lulled(world: World) -> tuple[Strand, asyncio.Task[bool]]:
    """A draining whose writes are refused for half a minute, and the half of it that waits for that."""
    held = await claim(world.app, "acme")
    strand = Strand(world.app, world.app.chat["acme"], held, lambda: False, frozenset())
    strand.not_before = world.clock.now + timedelta(seconds=30)
    waiting = asyncio.create_task(strand.lull())
    await asyncio.sleep(0)
    return strand, waiting


async def test_who_waits_for_writes_to_be_taken_again_goes_on_while_the_other_half_still_reads(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        strand, waiting = await lulled(world)
        strand.wake()  # the other half has stored what it read
        await asyncio.sleep(0.01)
        assert not waiting.done()
        world.clock.turn(seconds=31)
        strand.wake()
        assert await waiting
        assert strand.not_before is None


async def test_who_waits_for_writes_to_be_taken_again_waits_no_longer_than_the_other_half_reads(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        strand, waiting = await lulled(world)
        strand.leave()
        assert not await waiting
        assert strand.not_before == world.clock.now + timedelta(seconds=30), "the lane comes back then"
