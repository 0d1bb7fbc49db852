"""Manual tasks: asked of the right person, chased, confirmed by people who may, and logged in full."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.states import StepState
from bot.store.notices import case_by_id
from bot.store.query import change, columns
from bot.store.tables import CaseRow, PersonRow, TaskRow
from bot.tasks.tasks import TaskProblem, TaskRules
from policies.model import Person, PersonStatus, Post
from tests.bot.notices.conftest import empty_database, office
from tests.bot.notices.office import ANA, SENSITIVE, Office

__all__ = ["empty_database", "office"]

DAY = timedelta(hours=24)


async def one_task(
    office: Office, owner: str | None = "E1", deputy: str | None = "E2", **group: Any
) -> TaskRow:
    office.own_by_hand("Shift swaps", owner, deputy, **group)
    return await office.hand_over(await office.leave(), "Shift swaps")


async def chase(office: Office, **later: float) -> int:
    office.now += timedelta(**later)
    moved = await office.tasks.remind_due(office.now)
    await office.sender.send_due(office.now)
    return moved


async def test_a_delegated_step_becomes_the_owners_task_with_a_day_to_do_it(office: Office) -> None:
    task = await one_task(office)
    assert (task.assignee_id, task.state, task.sensitive) == ("E1", "open", False)
    assert task.deadline == office.now + DAY
    assert (await office.step_now(task.step_id)).state == StepState.DELEGATED
    assert await office.acts("task") == [("task.open", "open")]


async def test_an_urgent_case_leaves_four_hours(office: Office) -> None:
    case = await office.leave(urgent=True)
    task = await office.hand_over(case, "Shift swaps")
    assert task.deadline == office.now + timedelta(hours=4)


async def test_opening_twice_gives_the_same_task(office: Office) -> None:
    task = await one_task(office)
    step = await office.step_now(task.step_id)
    async with office.store.write() as tx:
        again = await office.tasks.open_task(tx, step)
    assert again.id == task.id
    assert len(await office.acts("task")) == 1


@pytest.mark.parametrize(
    ("owner", "deputy", "gone", "asked"),
    [
        ("E1", "E2", (), "E1"),
        (None, "E2", (), "E2"),
        ("E7", "E2", (), "E2"),
        ("E1", "E2", ("E1",), "E2"),
        ("E7", "E7", (), "E3"),
        (None, None, (), "E3"),
        (None, None, ("E3",), "E9"),
        ("E404", None, ("E3",), "E9"),
        ("E7", "E7", ("E3", "E9"), None),
    ],
    ids=[
        "the owner",
        "no owner: the deputy",
        "the leaver owns it: the deputy",
        "the owner has left: the deputy",
        "the leaver is both: the manager",
        "nobody registered: the manager",
        "the manager has left: IT",
        "an owner HR never heard of: IT",
        "nobody is left: it stands open, without assignee",
    ],
)
async def test_who_is_asked(
    office: Office, owner: str | None, deputy: str | None, gone: tuple[str, ...], asked: str | None
) -> None:
    for person_id in gone:
        await office.rewrite(Person(person_id, "gone", status=PersonStatus.TERMINATED))
    task = await one_task(office, owner, deputy)
    assert (task.assignee_id, task.state) == (asked, "open")


async def test_a_leavers_manager_is_never_the_leaver(office: Office) -> None:
    own_boss = Person("E7", "Ana Quispe", post=Post(manager_id="E7"))
    task = await office.hand_over(await office.leave(own_boss), "Shift swaps")
    assert task.assignee_id == "E9"


async def test_an_assignee_gets_one_list_of_all_their_tasks_with_steps_and_a_button_for_each(
    office: Office,
) -> None:
    case = await office.leave()
    tasks = []
    for group in ("Shift swaps", "Drivers"):
        office.own_by_hand(group, "E1")
        tasks.append(await office.hand_over(case, group))
    assert await office.send() == 1
    (message,) = office.inbox("U1")
    assert "Please remove Ana Quispe by hand from 2 groups" in message
    assert "Friday, 20 November 2026, 18:00 (Riyadh time)" in message
    assert message.count("Open WhatsApp") == 1, "one platform is explained once"
    assert sorted(office.buttons("U1")) == sorted(
        (act, task.id) for task in tasks for act in ("done", "cant")
    )


async def test_where_no_press_is_heard_the_list_names_the_commands(office: Office) -> None:
    office.deaf = {"hq"}
    task = await one_task(office)
    await office.send()
    assert f"bawab task attest {task.id}" in office.inbox("U1")[0]
    assert office.buttons("U1") == []


async def test_a_list_of_tasks_does_not_wait_for_the_rest_of_the_case(office: Office) -> None:
    office.own("sales", "E1")
    office.own_by_hand("Drivers", "E1")
    case = await office.leave()
    working = await office.step(case, "sales", StepState.REQUESTED)
    await office.hand_over(case, "Drivers")
    await office.enqueue(case)
    await office.send()
    assert len(office.inbox("U1")) == 1
    await office.set_step(working, StepState.VERIFIED_ABSENT)
    await office.enqueue(case)
    await office.send()
    asked, told = office.inbox("U1")
    assert "sales" not in asked
    assert "Drivers" not in told, "what was asked already is not told again"


async def test_what_is_told_and_what_is_asked_are_two_messages_with_nothing_twice(office: Office) -> None:
    office.own("sales", "E2")
    office.own_by_hand("Drivers", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.hand_over(case, "Drivers")
    await office.enqueue(case)
    await office.send()
    asked, told = office.inbox("U2")
    assert ("sales" in told, "Drivers" in told, "sales" in asked) == (True, False, False)
    assert "يُرجى إخراج Ana Quispe يدويًا من مجموعة واحدة" in asked
    assert "فتح WhatsApp" in asked


async def test_a_task_done_before_its_list_left_is_not_asked_for(office: Office) -> None:
    task = await one_task(office)
    office.limit(stopped=True)
    await office.send()
    await office.tasks.attest(task.id, "E2")
    office.limit(stopped=False)
    assert await office.send() == 0
    assert (await office.notice()).detail == "no_longer_needed"


async def test_a_reminder_at_half_the_time_then_the_deputy_then_it(office: Office) -> None:
    task = await one_task(office)
    assert await chase(office, hours=11) == 0
    assert await chase(office, hours=1) == 1
    older, newer = office.inbox("U1")
    assert "There is a newer list" in older
    assert "Reminder: please remove Ana Quispe" in newer
    assert await chase(office, hours=12) == 1
    assert "لم يصل التأكيد في موعده" in office.inbox("U2")[0]
    assert await chase(office, hours=12) == 1
    assert "not confirmed in time" in office.inbox("U9")[0]
    assert (await office.task(task.id)).assignee_id == "E9"
    assert (await office.task(task.id)).deadline == task.deadline, "late stays late"
    assert [action for action, _ in await office.acts("task")] == [
        "task.open",
        "task.remind",
        "task.escalate",
        "task.escalate",
    ]
    assert office.inbox("U7") == []


async def test_the_last_in_line_is_reminded_each_day(office: Office) -> None:
    office.rules = TaskRules(it_contact="E9")
    task = await one_task(office, None, None)
    await office.rewrite(Person("E3", "Omar Diaz", status=PersonStatus.TERMINATED))
    for _ in range(5):
        await chase(office, hours=25)
    assert (await office.task(task.id)).assignee_id == "E9"
    assert len(office.inbox("U9")) == 5


async def test_an_assignee_who_leaves_is_replaced_before_the_deadline(office: Office) -> None:
    task = await one_task(office)
    await office.rewrite(Person("E1", "Badr Salem", status=PersonStatus.TERMINATED))
    await chase(office, hours=12)
    assert (await office.task(task.id)).assignee_id == "E2"


async def test_several_late_tasks_make_one_reminder(office: Office) -> None:
    case = await office.leave()
    for group in ("Shift swaps", "Drivers", "Kitchen"):
        office.own_by_hand(group, "E1")
        await office.hand_over(case, group)
    assert await chase(office, hours=12) == 3
    assert len(office.inbox("U1")) == 1


async def test_confirming_makes_the_step_attested_and_says_by_whom(office: Office) -> None:
    task = await one_task(office)
    await office.tasks.attest(task.id, "BADR@corp.test", "was there, is out")
    step = await office.step_now(task.step_id)
    assert (step.state, step.quality) == (StepState.ATTESTED, "attested")
    assert step.evidence[-1]["facts"] == [["first_by", "E1"]]
    entry = (await office.log())[-1]
    assert (entry["action"], entry["actor"], entry["quality"]) == ("step.attest", "person:E1", "attested")
    assert "is out" not in str({key: value for key, value in entry.items() if key != "sealed"})


async def test_a_sensitive_group_needs_a_second_different_person(office: Office) -> None:
    task = await one_task(office, **SENSITIVE)
    half = await office.tasks.attest(task.id, "E1")
    assert (half.state, half.assignee_id) == ("half_attested", "E2")
    assert (await office.step_now(task.step_id)).state == StepState.DELEGATED
    for same in ("E1", "badr@corp.test", " E1 "):
        with pytest.raises(TaskProblem, match="second, different person"):
            await office.tasks.attest(task.id, same)
    await office.send()
    assert "ورد تأكيد أول" in office.inbox("U2")[0]
    done = await office.tasks.attest(task.id, "E2")
    assert (done.first_by, done.second_by) == ("E1", "E2")
    assert (await office.step_now(task.step_id)).evidence[-1]["facts"] == [
        ["first_by", "E1"],
        ["second_by", "E2"],
    ]


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        ("E7", "the person this is about"),
        ("ana@corp.test", "the person this is about"),
        ("E4", "has left"),
        ("root", "nobody HR knows"),
        ("", "nobody HR knows"),
    ],
)
async def test_who_may_not_confirm_or_waive(office: Office, by: str, problem: str) -> None:
    await office.hire(Person("E4", "Lena", status=PersonStatus.TERMINATED))
    async with office.store.write() as tx:
        await change(tx, PersonRow, {"email": "Ana@corp.test"}, columns(PersonRow).id == "E7")
    task = await one_task(office)
    with pytest.raises(TaskProblem, match=problem):
        await office.tasks.attest(task.id, by)
    with pytest.raises(TaskProblem, match=problem):
        await office.tasks.waive(task.id, by, "because", office.now + DAY)
    assert (await office.task(task.id)).state == "open"
    assert len(await office.acts("task")) == 1


async def test_two_people_confirming_at_once_are_one_confirmation_and_one_refusal(office: Office) -> None:
    task = await one_task(office)
    both = await asyncio.gather(
        office.tasks.attest(task.id, "E1"), office.tasks.attest(task.id, "E2"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in both) == ["TaskProblem", "TaskRow"]
    assert await office.acts("step.attest") == [("step.attest", "attested")]


async def test_a_step_that_moved_on_cannot_be_confirmed_and_nothing_changes(office: Office) -> None:
    task = await one_task(office)
    await office.set_step(await office.step_now(task.step_id), StepState.VERIFIED_ABSENT)
    with pytest.raises(TaskProblem, match="verified_absent"):
        await office.tasks.attest(task.id, "E1")
    assert (await office.task(task.id)).state == "open"


async def test_a_waiver_needs_a_reason_and_an_end_and_runs_out(office: Office) -> None:
    task = await one_task(office)
    for reason, until in [(" ", office.now + DAY), ("legal hold", office.now)]:
        with pytest.raises(TaskProblem):
            await office.tasks.waive(task.id, "E9", reason, until)
    with pytest.raises(TaskProblem, match="time zone"):
        await office.tasks.waive(task.id, "E9", "legal hold", datetime(2027, 1, 1))  # noqa: DTZ001 - that is the point
    await office.tasks.waive(task.id, "E9", "legal hold", office.now + DAY)
    step = await office.step_now(task.step_id)
    assert (step.state, step.quality) == (StepState.WAIVED, "waived")
    async with office.store.write() as tx:
        await change(tx, CaseRow, {"state": "completed_with_exceptions"}, columns(CaseRow).id == "case_1")
    assert await chase(office, hours=23) == 0
    assert await chase(office, hours=2) == 1
    assert (await office.task(task.id)).state == "open"
    assert (await office.step_now(task.step_id)).state == StepState.DELEGATED
    assert (await _case(office)).state == "awaiting_manual"


async def test_a_step_that_is_done_is_not_handed_to_anybody(office: Office) -> None:
    step = await office.step(await office.leave(), "sales")
    with pytest.raises(TaskProblem, match="nothing to do by hand"):
        async with office.store.write() as tx:
            await office.tasks.open_task(tx, step)


async def test_the_whole_story_leaves_a_log_that_verifies(office: Office) -> None:
    task = await one_task(office, **SENSITIVE)
    await chase(office, hours=12)
    await office.tasks.attest(task.id, "E1", "gone")
    await office.tasks.attest(task.id, "E2", "yes, gone")
    assert (await office.audit.verify()).ok
    for row in await office.log():
        plain = str({key: value for key, value in row.items() if key not in ("sealed", "actor")})
        assert "gone" not in plain
        assert ANA.name not in plain


async def _case(office: Office) -> CaseRow:
    async with office.store.read() as tx:
        found = await case_by_id(tx, "case_1")
    assert found is not None
    return found
