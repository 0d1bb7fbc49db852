"""The order of lock-out, and that waiting for an earlier step neither spins nor lasts for ever."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.messages import Messages
from bot.store.query import change, columns
from bot.store.tables import StepRow
from bot.work import Lane
from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.adversary import actions, case_of, everybody, kicked, line, office
from tests.bot.world import World, channel


async def half_done(world: World) -> StepRow:
    """A departure of two groups, of which one is made to stand a stage earlier, its outcome unknown."""
    limited = Fault(FaultKind.LIMITED_429, "conversations.kick", seconds=0)
    world.sandbox.faults.append(limited)
    world.drop(*everybody(line("ana", "terminated")))
    await world.run()
    first, second = await world.steps()
    now, steps = world.clock.now, columns(StepRow)
    unknown = {
        "state": "outcome_unknown",
        "acted": "maybe",
        "stage": 0,
        "settle_until": now + timedelta(minutes=10),
        "next_attempt_at": now + timedelta(hours=1),
    }
    async with world.app.store.write() as tx:
        await change(tx, StepRow, unknown, steps.id == first.id)
        await change(tx, StepRow, {"stage": 1, "next_attempt_at": now}, steps.id == second.id)
    return second


async def test_a_later_stage_waits_for_an_earlier_one_without_spinning_and_not_beyond_the_settle_window(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, channel("a", "ana", "omar"), channel("b", "ana", "omar")) as world:
        second = await half_done(world)
        world.clock.turn(minutes=5)
        calls = len(world.sandbox.calls("conversations.kick"))
        await world.run()
        assert len(world.sandbox.calls("conversations.kick")) == calls, "the earlier stage is still open"
        world.clock.turn(minutes=6)
        await world.run()
        done = {step.id: step.state for step in await world.steps()}
        assert done[second.id] == "verified_absent", "what nobody can read keeps it back no longer"
        world.clock.turn(hours=1)
        await world.run()
        await world.run()
        assert kicked(world) == ["ana", "ana"]
        assert await case_of(world, "ana") == "completed"


async def test_an_outage_uses_no_attempts_up(tmp_path: Path) -> None:
    async with office(tmp_path, channel("a", "ana", "omar")) as world:
        world.sandbox.faults.append(Fault(FaultKind.LIMITED_429, "conversations.kick", times=8, seconds=0))
        world.drop(*everybody(line("ana", "terminated")))
        for _ in range(9):
            await world.run()
            world.clock.turn(minutes=5)
        assert kicked(world) == ["ana"]
        (step,) = await world.steps()
        assert (step.state, step.attempts) == ("verified_absent", 1)
        assert (await actions(world)).count("step.intend") == 9


async def test_a_platform_that_only_refuses_is_asked_ever_more_seldom_and_the_log_stays_short(
    tmp_path: Path,
) -> None:
    rooms = [channel(f"r{number}", "ana", "omar") for number in range(12)]
    async with office(tmp_path, *rooms) as world:
        refuses = Fault(FaultKind.LIMITED_429, "conversations.kick", times=0, seconds=0)
        world.sandbox.faults.append(refuses)
        world.drop(*everybody(line("ana", "terminated")))
        await world.service.tick()
        lane, began = Lane(world.app, "acme", Messages(world.app).delegate), world.clock.now
        while world.clock.now < began + timedelta(minutes=10):
            due = await lane.drain()
            assert due is not None
            world.clock.now = max(due, world.clock.now + timedelta(seconds=1))
        assert len(world.sandbox.calls("conversations.kick")) < 25
        logged = Counter(await actions(world, "step."))
        assert logged["step.intend"] + logged["step.record"] + logged["step.retry"] < 100
        world.sandbox.faults.remove(refuses)
        while (due := await lane.drain()) is not None:
            world.clock.now = max(due, world.clock.now)
        assert kicked(world) == ["ana"] * 12
        assert {step.attempts for step in await world.steps()} == {1}
