"""Whoever is out stays out: found when they are back, then asked about or taken out again, by rule."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.drift.look_now import look_now
from bot.settings import Settings
from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.adversary import actions, case_of, everybody, kicked, line, office
from tests.bot.returning import REMOVE, ana_leaves, drifts, second_account, told_of
from tests.bot.world import channel


async def test_re_added_by_a_colleague_is_found_after_an_hour_and_asked(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        assert await told_of(world) == [("came_back", "recheck", "open")]
        assert (await drifts(world))[0].note == "asked_by_policy"
        assert await case_of(world, "ana") == "completed_with_exceptions"
        assert "UANA" in world.members("C-lunch"), "nobody is removed again without being asked"


async def test_a_policy_that_says_remove_takes_them_out_again_and_reads_it_back(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        assert "UANA" not in world.members("C-lunch")
        assert kicked(world) == ["ana", "ana"]
        assert await told_of(world) == [("came_back", "recheck", "removed")]
        assert await world.states() == {"lunch": "verified_absent"}
        assert await case_of(world, "ana") == "completed"
        logged = await actions(world)
        assert (logged.count("check.drift"), logged.count("drift.remove")) == (1, 1)
        assert (await world.app.audit.verify()).ok


async def test_coming_back_twice_is_two_drifts_and_two_entries(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        for _ in range(2):
            world.members("C-lunch").append("UANA")
            await world.run()
            world.clock.turn(hours=2)
        assert await told_of(world) == [("came_back", "recheck", "removed")] * 2
        assert (await actions(world)).count("check.drift") == 2


async def test_whoever_leaves_again_by_themselves_is_no_exception_any_more(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        world.members("C-lunch").remove("UANA")
        world.clock.turn(days=1)
        await world.run()
        assert await told_of(world) == [("came_back", "recheck", "gone")]
        assert await world.states() == {"lunch": "verified_absent"}
        assert await case_of(world, "ana") == "completed"


async def test_a_hint_about_a_second_account_is_read_at_the_next_tick(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        await second_account(world, "ana", "UANA2")
        world.members("C-lunch").append("UANA2")
        assert await look_now(world.app, "acme", "UANA2", "C-lunch", because="member_joined_channel")
        assert not await look_now(world.app, "acme", "UANA2", "C-lunch", because="member_joined_channel")
        await world.run()
        assert await told_of(world) == [("second_account", "event", "removed")]
        assert "UANA2" not in world.members("C-lunch")


async def test_a_hint_about_a_group_they_were_never_in_is_drift_too(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), channel("club", "omar")) as world:
        await ana_leaves(world)
        world.members("C-club").append("UANA")
        assert await look_now(world.app, "acme", "UANA", "C-club", because="member_joined_channel")
        await world.run()
        assert await told_of(world) == [("new_group", "event", "open")]
        assert await world.states() == {"lunch": "verified_absent", "club": "still_present"}


async def test_a_hint_about_an_account_of_nobody_or_of_somebody_here_asks_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world, minutes=5)
        calls = len(world.sandbox.journal)
        assert not await look_now(world.app, "acme", "UOMAR", "C-lunch", because="joined")
        assert not await look_now(world.app, "acme", "UNOBODY", "C-lunch", because="joined")
        await world.run()
        assert len(world.sandbox.journal) == calls


async def test_a_mover_is_drift_in_the_old_department_s_group_and_nowhere_else(tmp_path: Path) -> None:
    groups = (channel("sales-team", "omar", "ana"), channel("research-lab", "sara"), channel("club", "sara"))
    async with office(tmp_path, *groups) as world:
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        world.clock.turn(days=10)
        await world.run()
        for name in ("sales-team", "research-lab", "club"):
            world.members(f"C-{name}").append("UANA")
            await look_now(world.app, "acme", "UANA", f"C-{name}", because="joined")
        await world.run()
        assert [row.group_name for row in await drifts(world)] == ["sales-team"]


async def test_somebody_hired_again_is_no_drift_and_an_open_one_is_closed(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), channel("club", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        world.drop(*everybody())
        await world.run()
        world.members("C-club").append("UANA")
        assert not await look_now(world.app, "acme", "UANA", "C-club", because="joined")
        world.clock.turn(days=2)
        await world.run()
        assert await told_of(world) == [("came_back", "recheck", "closed")]
        assert (await drifts(world))[0].note == "hired_again"
        assert (await actions(world)).count("drift.close") == 1
        assert kicked(world) == ["ana"]


async def test_a_removal_the_platform_refuses_is_asked_again_and_never_called_done(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        world.sandbox.workspace.channels["C-lunch"].is_general = True
        await world.run()
        (row,) = await drifts(world)
        assert (row.state, row.note) == ("open", "default_group")
        assert "UANA" in world.members("C-lunch")
        assert await case_of(world, "ana") == "completed_with_exceptions"


async def test_a_platform_that_is_down_right_then_leaves_the_question_to_a_person(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        # The read-back asks once; the plan that follows finds nobody answering.
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", nth=2, times=0))
        await world.run()
        (row,) = await drifts(world)
        assert (row.state, row.note) == ("open", "not_in_plan")


async def test_a_lot_of_people_at_once_are_asked_about_beyond_the_day_s_guard(tmp_path: Path) -> None:
    names = ("ana", "omar", "sara", "lina")
    limits = {"limits": {"run_count": 50, "day_count": 2, "day_percent": 0, "group_count": 50}}
    async with office(tmp_path, channel("lunch", *names), policy=REMOVE, extra=limits) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in names)))
        await world.run()
        await world.release_all()
        await world.run()
        assert len(kicked(world)) == 4
        world.clock.turn(hours=2)
        for name in names:
            world.members("C-lunch").append(f"U{name.upper()}")
        await world.run()
        states = sorted((row.state, row.note) for row in await drifts(world))
        assert states == [("open", "day_threshold")] * 2 + [("removed", "read_back")] * 2
        assert len(world.members("C-lunch")) == 1 + 2


def test_a_day_is_the_default_between_two_comparisons() -> None:
    assert Settings(_env_file=None).reconcile_every == timedelta(days=1)


async def test_a_later_move_keeps_no_drift_of_a_departure_that_is_over(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), channel("sales-team", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        for row in (line("ana"), line("ana", post="Research")):  # hired again, and moved
            world.clock.turn(hours=1)
            world.drop(*everybody(row))
            await world.run()
        assert await told_of(world) == [("came_back", "recheck", "closed")]


async def test_a_group_that_would_lose_many_of_those_who_came_back_is_held(tmp_path: Path) -> None:
    names = ("ana", "omar", "sara", "lina")
    limits = {"limits": {"run_count": 50, "day_count": 50, "group_count": 2, "group_percent": 0}}
    async with office(tmp_path, channel("lunch", *names), policy=REMOVE, extra=limits) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in names)))
        for _ in range(3):
            await world.run()
            await world.release_all()
        assert len(kicked(world)) == 4
        world.clock.turn(days=2)
        await world.run()
        for name in names:
            world.members("C-lunch").append(f"U{name.upper()}")
        world.clock.turn(days=6)
        await world.run()
        assert len(world.members("C-lunch")) == 1 + 4, "what is done again counts again"
        (hold,) = await world.holds("group_threshold")
        assert hold.count == 4
        await world.release_all()
        await world.run()
        assert len(world.members("C-lunch")) == 1


async def test_removals_done_again_count_with_those_of_the_same_day(tmp_path: Path) -> None:
    limits = {"limits": {"run_count": 50, "day_count": 50, "group_count": 1, "group_percent": 0}}
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE, extra=limits) as world:
        await ana_leaves(world, days=3)
        await world.run()
        world.members("C-lunch").append("UANA")
        world.clock.turn(days=5)
        await world.run()
        assert kicked(world) == ["ana", "ana"]
        world.drop(*everybody(line("ana", "terminated"), line("omar", "terminated")))
        await world.run()
        assert kicked(world) == ["ana", "ana"], "the second one that day"
        assert len(await world.holds("group_threshold")) == 1


async def test_whoever_was_hired_again_under_another_number_is_asked_about_and_not_taken_out(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=REMOVE) as world:
        await ana_leaves(world)
        again = "ana9,Ana Q,ana@corp.test,Sales,active,,"
        world.drop(*everybody(line("ana", "terminated"), again))
        await world.run()
        world.members("C-lunch").append("UANA")
        world.clock.turn(days=1)
        await world.run()
        assert "UANA" in world.members("C-lunch"), "the address is the newcomer's by now"
        assert [(row.state, row.note) for row in await drifts(world)] == [("open", "ambiguous")]
