"""What the owner of a group is told: one message per case, after the outcomes, and never why."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from bot.notices.compose import MOST_LINES
from bot.states import StepState
from bot.store.query import add, change, columns
from bot.store.tables import CaseInstanceRow, StepRow
from policies.model import ExitType, Person, PersonStatus, Refusal
from policies.rules import Notify
from tests.bot.notices.office import ANA, RULE, SLACK, Office

SILENT_RULE = RULE.model_copy(update={"notify": Notify.NOBODY})
CREATOR_RULE = RULE.model_copy(update={"notify_creator": True})


async def test_an_owner_gets_one_message_with_all_their_groups_and_the_honest_state_of_each(
    office: Office,
) -> None:
    for group in ("sales", "ops", "board"):
        office.own(group, "E1")
    case = await office.leave()
    await office.step(case, "sales")
    await office.step(case, "ops", StepState.LOCKED_OUT)
    await office.step(case, "board", StepState.BLOCKED, Refusal.LAST_OWNER)
    assert await office.enqueue(case) == 1
    assert await office.send() == 1
    (message,) = office.inbox("U1")
    assert "Ana Quispe: access to 3 groups you look after is being ended" in message
    assert "• sales: removed, and checked\n" in message + "\n"
    assert "• ops: cannot get in because the account is closed" in message
    assert "only owner of the group – Please make somebody else an owner" in message


async def test_an_arabic_speaker_reads_arabic(office: Office) -> None:
    office.own("sales", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    await office.send()
    assert "\u2068Ana Quispe\u2069" in office.raw_inbox("U2")[0]
    (message,) = office.inbox("U2")
    assert "Ana Quispe: إنهاء الوصول إلى مجموعة واحدة" in message
    assert "تم الإخراج وجرى التحقق منه" in message


async def test_the_groups_language_speaks_where_the_readers_is_unknown(office: Office) -> None:
    office.own("sales", "E1", language="ar")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert (await office.notice()).language == "ar"


async def test_nothing_is_said_before_the_outcomes_exist(office: Office) -> None:
    office.own("sales", "E1")
    office.own("ops", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    working = await office.step(case, "ops", StepState.REMOVED_UNVERIFIED)
    assert await office.enqueue(case) == 0
    assert await office.send() == 0
    await office.set_step(working, StepState.VERIFIED_ABSENT)
    assert await office.enqueue(case) == 1


async def test_somebody_still_present_is_told_of_only_when_the_bot_has_stopped_trying(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    trying = await office.step(case, "sales", StepState.STILL_PRESENT, next_attempt_at=office.now)
    assert await office.enqueue(case) == 0
    async with office.store.write() as tx:
        await change(tx, StepRow, {"next_attempt_at": None}, columns(StepRow).id == trying.id)
    assert await office.enqueue(case) == 1


async def test_a_long_list_shows_the_worst_first_and_says_how_many_more_there_are(office: Office) -> None:
    case = await office.leave()
    for number in range(MOST_LINES + 2):
        office.own(f"group-{number:02}", "E1")
        await office.step(case, f"group-{number:02}")
    office.own("zz-failed", "E1")
    await office.step(case, "zz-failed", StepState.FAILED)
    await office.enqueue(case)
    await office.send()
    lines = office.inbox("U1")[0].splitlines()
    assert lines[1].startswith("• zz-failed: failed")
    assert lines[-1] == "… and 3 more groups"
    assert len(lines) == MOST_LINES + 2


async def test_nothing_is_said_while_a_platform_that_is_down_may_still_add_groups(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    waiting = CaseInstanceRow(case_id=case.id, instance="other", state="pending", next_attempt_at=office.now)
    async with office.store.write() as tx:
        await add(tx, waiting)
    assert await office.enqueue(case) == 0


async def test_telling_twice_stores_once(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    assert [await office.enqueue(case), await office.enqueue(case)] == [1, 0]
    await office.send()
    assert await office.enqueue(case) == 0
    assert await office.send(hours=2) == 0
    assert len(office.inbox("U1")) == 1


async def test_why_somebody_leaves_is_never_said_or_stored(office: Office) -> None:
    office.own("sales", "E1")
    for number, exit_type in enumerate(ExitType):
        person = dataclasses.replace(ANA, exit_type=exit_type)
        case = await office.leave(person, f"case_{number}")
        await office.step(case, "sales")
        await office.enqueue(case, person=person)
    await office.send()
    texts = office.inbox("U1")
    assert len(texts) == len(ExitType)
    assert len(set(texts)) == 1, "the message differs by exit type"


async def test_the_leaver_is_never_told_even_as_the_registered_owner(office: Office) -> None:
    office.own("sales", "E7", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    await office.send()
    assert office.inbox("U7") == []
    assert len(office.inbox("U2")) == 1


async def test_an_owners_account_that_is_also_tied_to_the_leaver_is_not_written_to(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales", account_id="U1")
    await office.enqueue(case)
    assert await office.send() == 0
    assert (await office.notice()).state == "undeliverable"
    assert office.inbox("U1") == []


async def test_an_owner_who_has_left_gives_way_to_the_deputy(office: Office) -> None:
    office.own("sales", "E1", "E2")
    await office.rewrite(Person("E1", "Badr Salem", status=PersonStatus.TERMINATED))
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    await office.send()
    assert (office.inbox("U1"), len(office.inbox("U2"))) == ([], 1)


async def test_an_owner_whose_last_day_is_over_counts_as_gone_before_hr_says_terminated(
    office: Office,
) -> None:
    office.own("sales", "E1", "E2")
    await office.rewrite(Person("E1", "Badr Salem", last_day=office.now - timedelta(hours=1)))
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert (await office.notice()).recipient_id == "E2"


async def test_an_owner_who_is_leaving_at_the_same_time_is_not_told(office: Office) -> None:
    office.own("sales", "E1", "E2")
    await office.leave(Person("E1", "Badr Salem"), "case_badr")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert (await office.notice()).recipient_id == "E2"


async def test_an_account_matched_by_mail_and_not_released_is_not_written_to(office: Office) -> None:
    await office.hire(Person("E5", "Nour"), "U5", evidence="directory_email")
    office.own("sales", "E5", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert (await office.notice()).recipient_id == "E2"


async def test_an_account_two_people_claim_is_not_written_to(office: Office) -> None:
    await office.link("E3", "U1")
    office.own("sales", "E1", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert (await office.notice()).recipient_id == "E2"


async def test_a_channels_creator_is_told_only_if_policy_says_so(office: Office) -> None:
    case = await office.leave()
    await office.step(case, "unregistered", creator="U3")
    await office.enqueue(case)
    notice = await office.notice()
    assert (notice.recipient_id, notice.state, notice.detail) == ("", "undeliverable", "no_owner")
    other = await office.leave(case_id="case_2")
    await office.step(other, "unregistered", creator="U3")
    await office.enqueue(other, CREATOR_RULE)
    await office.send()
    assert len(office.inbox("U3")) == 1


async def test_a_creator_who_may_be_the_leaver_or_anybody_is_not_told(office: Office) -> None:
    case = await office.leave()
    await office.step(case, "made-by-leaver", creator="U7")
    await office.step(case, "made-by-nobody-we-know", creator="U404")
    await office.enqueue(case, CREATOR_RULE)
    assert {row.recipient_id for row in await office.notices()} == {""}


async def test_a_group_without_anybody_to_tell_is_written_down_once(office: Office) -> None:
    case = await office.leave()
    await office.step(case, "orphaned")
    await office.enqueue(case)
    await office.enqueue(case)
    assert await office.acts("notice") == [("notice.fail", "undeliverable")]


async def test_a_rule_that_tells_nobody_tells_nobody(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    assert await office.enqueue(case, SILENT_RULE) == 0
    assert await office.notices() == []


async def test_what_was_left_alone_for_hr_or_it_to_settle_disturbs_no_owner(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    for number, refusal in enumerate((Refusal.PROTECTED, Refusal.AMBIGUOUS, Refusal.NOT_MANAGED)):
        await office.step(case, "sales", StepState.BLOCKED, refusal, account_id=f"U7{number}")
    assert await office.enqueue(case) == 0


async def test_two_accounts_in_one_group_make_one_line_and_the_worse_state_shows(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    await office.step(case, "sales", StepState.STILL_PRESENT, account_id="U77")
    await office.enqueue(case)
    await office.send()
    (message,) = office.inbox("U1")
    assert message.count("• sales") == 1
    assert "still a member" in message


async def test_the_log_holds_the_act_but_neither_the_text_nor_the_reader(office: Office) -> None:
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    await office.send()
    assert await office.acts("notice") == [("notice.send", "intended"), ("notice.send", "sent")]
    for row in await office.log():
        plain = " ".join(str(value) for name, value in row.items() if name != "sealed")
        for private in ("access to", "Ana", "E1", "U1", "E7"):
            assert private not in plain
        assert row["sealed"]
        assert row["instance"] == SLACK
