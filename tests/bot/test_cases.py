"""The life of a case: scheduled, changed, rescinded, replaced, come true; nobody leaves twice or wrongly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.casework import cancel
from bot.hurry import revoke_now
from bot.release import CannotRelease, release
from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.adversary import WIDE, actions, case_of, everybody, kicked, line, office
from tests.bot.world import POLICY, channel


def lunch() -> object:
    return channel("lunch", "ana", "omar", "sara", "noura")


async def test_a_last_day_is_over_at_six_in_the_evening_of_the_persons_own_zone(tmp_path: Path) -> None:
    zones = {"ana": "Asia/Riyadh", "omar": "America/New_York", "sara": "Pacific/Auckland", "noura": ""}
    due = {"ana": (25, 15), "omar": (25, 23), "sara": (25, 5), "noura": (25, 15)}
    async with office(tmp_path, channel("lunch", *zones), extra=WIDE) as world:
        world.drop(*everybody(*(line(who, last_day="2026-11-25", zone=zone) for who, zone in zones.items())))
        await world.run()
        for case in await world.cases():
            day, hour = due[case.person_id]
            assert case.due == datetime(2026, 11, day, hour, tzinfo=UTC), case.person_id
        world.clock.now = datetime(2026, 11, 25, 15, 0, 1, tzinfo=UTC)
        await world.run()
        assert sorted(set(kicked(world))) == ["ana", "noura", "sara"]


async def test_a_changed_last_day_replaces_the_first_and_one_case_acts_once(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        for day in ("2026-11-25", "2026-11-27", "2026-11-26"):
            world.drop(*everybody(line("ana", last_day=day)))
            await world.run()
        assert await case_of(world, "ana") == "cancelled cancelled scheduled"
        world.clock.turn(days=5, hours=7)
        await world.run()
        assert not kicked(world), "the first day was withdrawn"
        world.clock.turn(days=10)
        await world.run()
        assert kicked(world) == ["ana"]
        world.drop(*everybody(line("ana", "terminated", "2026-11-26")))
        await world.run()
        assert await case_of(world, "ana") == "cancelled cancelled completed", "it came true: no second case"


async def test_a_departure_put_off_while_it_is_under_way_stops_what_is_not_done(tmp_path: Path) -> None:
    channels = [channel(name, "ana", "omar") for name in ("a", "b", "c")]
    async with office(tmp_path, *channels) as world:
        world.drop(*everybody(line("ana", last_day="2026-11-19")))
        limited = Fault(FaultKind.LIMITED_429, "conversations.kick", nth=2, times=0, seconds=0)
        world.sandbox.faults.append(limited)
        await world.run()
        assert len(kicked(world)) == 1
        world.drop(*everybody(line("ana", last_day="2027-01-31")))
        world.sandbox.faults.clear()
        world.clock.turn(hours=2)
        await world.run()
        assert len(kicked(world)) == 1, "she stays until January"
        assert await case_of(world, "ana") == "cancelled scheduled"


@pytest.mark.parametrize("back", ["rescinded", "rehired"])
async def test_whoever_stays_after_all_is_left_alone_and_may_leave_again_later(
    tmp_path: Path, back: str
) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        gone = line("ana", last_day="2026-11-25") if back == "rescinded" else line("ana", "terminated")
        if back == "rehired":
            world.sandbox.faults.append(
                Fault(FaultKind.LIMITED_429, "conversations.kick", times=0, seconds=0)
            )
        world.drop(*everybody(gone))
        await world.run()
        world.drop(*everybody())
        await world.run()
        world.sandbox.faults.clear()
        world.clock.turn(days=30)
        await world.run()
        assert not kicked(world)
        assert await case_of(world, "ana") == "cancelled"
        world.drop(*everybody(gone))
        await world.run()
        assert kicked(world) == ["ana"]
        assert await case_of(world, "ana") == "cancelled completed"


async def test_somebody_who_left_and_was_rehired_leaves_a_second_time(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        for _ in range(2):
            world.drop(*everybody(line("ana", "terminated")))
            await world.run()
            assert "UANA" not in world.members("C-lunch")
            world.drop(*everybody())
            await world.run()
            world.sandbox.workspace.channels["C-lunch"].members.append("UANA")
            world.clock.turn(days=40)
        assert kicked(world) == ["ana", "ana"]
        assert await case_of(world, "ana") == "completed completed"


async def test_a_rescinded_case_stays_cancelled_when_the_hold_that_held_it_is_released(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, channel("lunch", *("ana", "omar", "sara", "noura", "lina"))) as world:
        leaving = [line(who, "terminated") for who in ("ana", "omar", "sara", "noura")]
        world.drop(*everybody(*leaving))
        await world.run()
        (hold,) = await world.holds("run_threshold")
        assert hold.cause["allowed"] == 3
        assert hold.cause["count"] == 4
        world.drop(*everybody(*leaving[1:]))
        await world.run()
        await release(world.app, hold.digest, actor="person:it")
        await world.run()
        assert sorted(set(kicked(world))) == ["noura", "omar", "sara"]
        assert "UANA" in world.members("C-lunch")
        assert await case_of(world, "ana") == "cancelled"
        with pytest.raises(CannotRelease, match="released before"):
            await release(world.app, hold.digest, actor="person:it")


async def test_a_mover_loses_the_old_posts_groups_keeps_the_rest_and_then_leaves_everything(
    tmp_path: Path,
) -> None:
    things = [channel(name, "ana", "omar") for name in ("sales-eu", "research-all", "lunch")]
    async with office(tmp_path, *things) as world:
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        assert kicked(world) == ["ana"]
        assert "UANA" not in world.members("C-sales-eu")
        assert "UANA" in world.members("C-lunch")
        world.drop(*everybody(line("ana", "terminated", post="Research")))
        await world.run()
        assert not [c for c in ("sales-eu", "research-all", "lunch") if "UANA" in world.members(f"C-{c}")]
        assert await case_of(world, "ana", "mover") == "completed"
        assert await case_of(world, "ana") == "completed"


async def test_a_move_there_and_back_and_there_again_removes_each_time(tmp_path: Path) -> None:
    async with office(tmp_path, channel("sales-eu", "ana"), channel("research-all", "omar")) as world:
        for post, home in (
            ("Research", "C-sales-eu"),
            ("Sales", "C-research-all"),
            ("Research", "C-sales-eu"),
        ):
            members = world.sandbox.workspace.channels[home].members
            members += [] if "UANA" in members else ["UANA"]
            world.drop(*everybody(line("ana", post=post)))
            await world.run()
            assert "UANA" not in world.members(home), post
            world.clock.turn(days=2)
        assert await case_of(world, "ana", "mover") == "completed completed completed"


async def test_a_far_off_departure_does_not_undo_a_move_that_comes_first(tmp_path: Path) -> None:
    policy = POLICY.replace("action: remove\n    when: now", "action: remove\n    when: {after: 2 days}")
    async with office(tmp_path, channel("sales-eu", "ana", "omar"), policy=policy) as world:
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        world.drop(*everybody(line("ana", last_day="2027-03-31", post="Research")))
        await world.run()
        world.clock.turn(days=3)
        await world.run()
        assert kicked(world) == ["ana"]
        assert await case_of(world, "ana") == "scheduled"


async def test_revoke_now_and_cancel_are_logged_once_and_bind(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.drop(*everybody(*(line(who, last_day="2026-12-31") for who in ("ana", "omar"))))
        await world.run()
        cases = {case.person_id: case for case in await world.cases()}
        assert await revoke_now(world.app, cases["ana"], actor="person:noura")
        async with world.app.store.write() as tx:
            assert await cancel(world.app, tx, cases["omar"], reason="mistake", actor="person:noura")
        await world.run()
        world.clock.turn(days=60)
        await world.run()
        assert kicked(world) == ["ana"]
        logged = await actions(world, "case.")
        assert logged.count("case.revoke_now") == 1
        assert logged.count("case.cancel") == 1
        async with world.app.store.write() as tx:
            assert not await cancel(world.app, tx, cases["omar"], reason="again", actor="person:noura")


async def test_whoever_moved_back_before_the_move_was_carried_out_keeps_their_groups(tmp_path: Path) -> None:
    async with office(tmp_path, channel("sales-a", "ana"), channel("research-a", "ana")) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", times=0))
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        assert await case_of(world, "ana", "mover") == "executing", "Slack is down: nothing is planned yet"
        world.drop(*everybody())
        await world.run()
        world.sandbox.faults.clear()
        world.clock.turn(hours=1)
        await world.run()
        assert "UANA" in world.members("C-sales-a"), "they are in Sales again"
        assert "UANA" not in world.members("C-research-a")


async def test_one_person_can_be_hurried_out_of_a_held_run_and_the_rest_stays_held(tmp_path: Path) -> None:
    names = ("ana", "omar", "sara", "noura")
    async with office(tmp_path, channel("news", "ana"), channel("lunch", *names[1:])) as world:
        world.drop(*everybody(*(line(who, "terminated", "2026-11-01") for who in names)))
        await world.run()
        (hold,) = await world.holds("run_threshold")
        ana = next(case for case in await world.cases() if case.person_id == "ana")
        assert await revoke_now(world.app, ana, actor="person:lina")
        await world.run()
        assert kicked(world) == ["ana"]
        assert [one.digest for one in await world.holds()] == [hold.digest], "the others wait as they did"
        await release(world.app, hold.digest, actor="person:huda")
        await world.run()
        assert sorted(kicked(world)) == sorted(names)
        assert len(kicked(world)) == len(names)
