"""Lists of tasks: one for each person over all cases, a button for each group, bounded, changed in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.notices.task_list import MOST_TASKS
from bot.settings import ManualInstance
from bot.states import StepState
from connectors.chat.slack.sandbox.block_kit import wrong_with
from policies.model import Person
from tests.bot.notices.office import ANA, Office
from tests.bot.world import company, people

ADMINS, GROUPS = 20, 58
ADMIN = "{id},Admin {n},admin{n}@corp.test,Ops,active,,"


def registry() -> str:
    rows = [
        f"  - {{instance: phones, group: Shift {n}, owner: A{n % ADMINS}, members: [E1]}}"
        for n in range(GROUPS)
    ]
    return "\n".join(["version: 1", "groups:", *rows])


async def test_fifty_eight_groups_of_twenty_admins_are_twenty_messages(tmp_path: Path) -> None:
    admins = [ADMIN.format(id=f"A{n}", n=n) for n in range(ADMINS)]
    accounts = people("ana", *[f"admin{n}" for n in range(ADMINS)])
    ana = "E1,Ana Quispe,ana@corp.test,Sales,active,,"
    manual = {"phones": ManualInstance()}
    async with company(tmp_path, *accounts, registry=registry(), manual=manual) as world:
        world.drop(ana, *admins)
        await world.settle_in()
        world.drop(ana.replace("active,,", "terminated,2026-11-19,"), *admins)
        await world.run()
        await world.release_all()
        await world.run()
        posted = world.sandbox.calls("chat.postMessage")
        assert len(posted) == ADMINS
        said = [call.params["text"] for call in posted]
        assert sum(text.count("bawab task attest") for text in said) == GROUPS
        assert {call.params["channel"] for call in posted} == {f"DUADMIN{n}" for n in range(ADMINS)}
        await world.run()
        assert len(world.sandbox.calls("chat.postMessage")) == ADMINS, "told once"


async def test_two_cases_at_once_are_one_list_and_a_later_one_replaces_it(office: Office) -> None:
    for number, name in enumerate(("Ana Quispe", "Badra Nur"), 7):
        person = replace(ANA, id=f"E7{number}", name=name, account_ids=())
        case = await office.leave(person, f"case_{number}")
        office.own_by_hand(f"Group {number}", "E1")
        await office.hand_over(case, f"Group {number}")
    await office.send()
    (only,) = office.inbox("U1")
    assert "Ana Quispe" in only
    assert "Badra Nur" in only
    case = await office.leave(replace(ANA, id="E70", name="Third", account_ids=()), "case_3")
    office.own_by_hand("Group 9", "E1")
    await office.hand_over(case, "Group 9")
    await office.send(minutes=1)
    older, newer = office.inbox("U1")
    assert "There is a newer list" in older
    assert all(name in newer for name in ("Ana Quispe", "Badra Nur", "Third"))
    assert len(office.buttons("U1")) == 6, "the older list has no buttons left"


async def test_what_is_done_leaves_the_list_in_place_and_nobody_is_written_to_again(office: Office) -> None:
    case = await office.leave()
    tasks = []
    for group in ("Drivers", "Kitchen"):
        office.own_by_hand(group, "E1")
        tasks.append(await office.hand_over(case, group))
    await office.send()
    await office.tasks.attest(tasks[0].id, "E1")
    await office.send(minutes=1)
    (left,) = office.inbox("U1")
    assert ("Drivers" in left, "Kitchen" in left) == (False, True)
    await office.tasks.attest(tasks[1].id, "E1")
    await office.send(minutes=1)
    (empty,) = office.inbox("U1")
    assert "Nothing on this list is left" in empty
    assert office.buttons("U1") == []
    assert (await office.notices("digest"))[0].closed_at is not None


async def test_a_list_too_long_for_a_message_is_cut_and_counted(office: Office) -> None:
    office.limit(console="https://console.test")
    case = await office.leave()
    for number in range(60):
        office.own_by_hand(f"Group {number:02} " + "x" * 300, "E1")
        await office.hand_over(case, f"Group {number:02} " + "x" * 300)
    await office.send()
    (message,) = office.inbox("U1")
    shown = message.count("• Group")
    assert 5 < shown <= MOST_TASKS
    assert f"… and {60 - shown} more tasks" in message
    assert len(message) < 4096
    (stored,) = office.sandbox.workspace.channels["DU1"].messages
    assert wrong_with(stored["blocks"]) is None
    links = [one["url"] for block in stored["blocks"] for one in block.get("elements", ()) if "url" in one]
    assert links == ["https://console.test/tasks"]


async def test_the_subject_of_one_case_is_not_asked_about_their_own_and_is_about_others(
    office: Office,
) -> None:
    office.own_by_hand("Drivers", "E1")
    other = await office.leave(replace(ANA, id="E8", name="Other", account_ids=()), "case_8")
    task = await office.hand_over(other, "Drivers")
    assert task.assignee_id == "E1"
    about_badr = await office.leave(Person("E1", "Badr Salem"), "case_9", state="scheduled")
    await office.step(about_badr, "Drivers", StepState.PENDING, instance="phones", account_id="")
    await office.send()
    assert "Other" in office.inbox("U1")[0]
    assert "Badr" not in office.inbox("U1")[0]


async def test_a_removal_told_once_follows_what_becomes_of_it(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    step = await office.step(case, "sales", StepState.FAILED)
    await office.enqueue(case)
    await office.send()
    assert "failed" in office.inbox("U1")[0]
    await office.set_step(step, StepState.VERIFIED_ABSENT)
    office.open_desk()
    await office.send(minutes=1)
    (now,) = office.inbox("U1")
    assert "removed, and checked" in now
    assert ("notice.update", "updated") in await office.acts("notice")
    edits = office.sandbox.calls("chat.update")
    await office.send(minutes=1)
    assert len(office.sandbox.calls("chat.update")) == len(edits), "the same words are not shown twice"
