"""Today: what is open, what waits for whom, and that nobody reads what is another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.lanes import stumbled
from bot.states import CaseState, HoldKind, LaneState
from bot.store.access_tables import ConfirmationRow
from bot.store.query import add, new_id
from bot.store.tables import LinkQuestionRow, TaskRow
from bot.views.today import Today, today
from connectors.errors import Unavailable
from policies.approvals import NotYours
from policies.roles import Role
from tests.bot.adversary import everybody, office
from tests.bot.views.readers import (
    APPROVED,
    AUDITOR,
    BREAK_GLASS,
    CHAT_ADMIN,
    HR,
    IT,
    NOBODY,
    READERS,
    REGISTRY,
    ana_is_to_leave,
    reader,
    sales,
    settled,
)
from tests.bot.world import World


async def test_a_departure_ahead_stands_with_its_instant_and_the_zone_it_was_meant_in(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        await ana_is_to_leave(world)
        seen = await today(world.app, HR)
    (line,) = seen.cases
    assert (line.person, line.state, line.zone) == ("Ana Q", CaseState.SCHEDULED, "Asia/Riyadh")
    assert line.due == datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    assert (seen.open, seen.overdue, seen.observing, seen.fed) == (1, (), False, True)


async def test_the_first_run_is_said_until_somebody_releases_it(tmp_path: Path) -> None:
    async with office(tmp_path, sales(), settled=False) as world:
        before = await today(world.app, HR)
        await ana_is_to_leave(world)
        held = await today(world.app, HR)
        await world.release_all()
        after = await today(world.app, HR)
    assert (before.observing, before.fed) == (True, False)
    assert held.observing
    assert HoldKind.OBSERVE in {hold.kind for hold in held.holds}
    assert not after.observing


async def test_whoever_leaves_does_not_read_it_here_whatever_their_roles(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world:
        await ana_is_to_leave(world)
        for role in Role:
            seen = await today(world.app, reader("ana", role))
            assert (seen.cases, seen.overdue, seen.holds, seen.open) == ((), (), (), 0), role
        others = await today(world.app, HR)
    assert others.open == 1
    assert len(others.holds) == 1


async def test_a_chat_admin_sees_their_tasks_and_groups_and_nothing_else(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), registry=REGISTRY) as world:
        case = await ana_is_to_leave(world)
        await _task(world, case.id, "sara")
        seen = await today(world.app, CHAT_ADMIN)
        other = await today(world.app, NOBODY)
    assert [group.name for group in seen.groups] == ["sales-eu"]
    (task,) = seen.tasks
    assert (task.person, task.case_id) == ("Ana Q", None)
    assert _cases(seen) == _cases(other) == ((), (), (), (), (), (), 0, False)
    assert (other.tasks, other.groups) == ((), ())


def _cases(seen: Today) -> tuple[object, ...]:
    return (
        seen.cases,
        seen.overdue,
        seen.holds,
        seen.emergencies,
        seen.questions,
        seen.troubles,
        seen.open,
        seen.observing,
    )


async def _task(world: World, case_id: str, assignee: str) -> None:
    """Give somebody a task, as a lane would that cannot do it: from the day's own plan."""
    world.clock.turn(days=7)
    await world.run()
    (step,) = [step for step in await world.steps() if step.group]
    row = TaskRow(
        id=new_id("task"),
        step_id=step.id,
        case_id=case_id,
        instance=step.instance,
        assignee_id=assignee,
        state="open",
        deadline=world.clock.now,
        created_at=world.clock.now,
    )
    async with world.app.store.write() as tx:
        await add(tx, row)


async def test_who_may_sign_is_said_and_why_others_may_not(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world:
        await ana_is_to_leave(world)
        mine = await today(world.app, HR)
        theirs = await today(world.app, IT)
        readers = await today(world.app, AUDITOR)
        glass = await today(world.app, BREAK_GLASS)
    assert [hold.kind for hold in mine.to_sign] == [HoldKind.APPROVAL]
    assert mine.to_sign[0].people == ("Ana Q",)
    assert [hold.why_not for hold in theirs.holds] == [NotYours.WRONG_ROLE]
    assert theirs.to_sign == readers.to_sign == ()
    assert len(readers.holds) == 1
    assert glass.holds == ()


async def test_an_emergency_waits_for_a_second_person_and_not_for_whoever_asked(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        case = await ana_is_to_leave(world)
        now = world.clock.now
        due = now + timedelta(hours=24)
        row = ConfirmationRow(
            case_id=case.id, requested_by="person:omar", reason="lost phone", requested_at=now, due=due
        )
        async with world.app.store.write() as tx:
            await add(tx, row)
        seen = {who.id: (await today(world.app, who)).emergencies for who in READERS}
    assert {id_: [line.may_confirm for line in lines] for id_, lines in seen.items()} == {
        "noura": [True],
        "omar": [False],
        "auditor": [False],
        "huda": [False],
    }
    assert seen["noura"][0].requested_by == "Omar Q"
    assert (seen["noura"][0].reason, seen["huda"][0].reason) == ("lost phone", "")


async def test_a_platform_that_is_down_is_said_with_its_words_only_to_technicians(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        await stumbled(world.app, "acme", "slack", Unavailable("503 from slack.com"))
        plain = await today(world.app, HR)
        technical = await today(world.app, IT)
    assert [(one.title, one.state, one.reason) for one in plain.troubles] == [
        ("Slack", LaneState.WAITING, "")
    ]
    assert technical.troubles[0].reason == "503 from slack.com"


async def test_a_doubt_about_an_account_is_asked_of_who_may_settle_it(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = LinkQuestionRow(
            id=new_id("ask"),
            instance="acme",
            people=["ana", "sara"],
            accounts=["U0AX"],
            why="two_people",
            asked_at=world.clock.now,
        )
        async with world.app.store.write() as tx:
            await add(tx, row)
        hr, it = await today(world.app, HR), await today(world.app, IT)
        auditor = await today(world.app, AUDITOR)
    assert [question.people for question in hr.questions] == [(("ana", "Ana Q"), ("sara", "Sara Q"))]
    assert (hr.questions[0].accounts, it.questions[0].accounts) == ((), ("U0AX",))
    assert auditor.questions == ()


async def test_whose_account_waits_to_be_confirmed_reads_that_and_may_confirm_it(tmp_path: Path) -> None:
    async with office(tmp_path, sales(), settled=False) as world:
        world.drop(*everybody())
        await world.run()
        (asked,) = await world.holds(HoldKind.IDENTITY_LINKS)
        seen = await today(world.app, HR)
    (hold,) = [hold for hold in seen.to_sign if hold.digest == asked.digest]
    assert "Noura Q" in hold.people
