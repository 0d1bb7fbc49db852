"""Sending through interruptions, lost answers and refusals: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.notices.outcomes import LOOK_FOR
from bot.store.query import change, columns
from bot.store.tables import NoticeRow
from connectors.chat.slack.sandbox import Fault, FaultKind
from connectors.errors import NotSupported
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from policies.model import Person, PersonStatus
from tests.bot.notices.office import Office

POST = "chat.postMessage"


async def one_notice(office: Office, owner: str = "E1", deputy: str | None = None) -> None:
    office.own("sales", owner, deputy)
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)


async def test_the_intention_is_on_disk_before_the_message_leaves(office: Office) -> None:
    seen: list[str] = []

    class Watched:
        """A channel that looks into the database while it is being called."""

        async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
            seen.append((await office.notice()).state)
            assert (await office.acts("notice"))[-1] == ("notice.send", "intended")
            return await office.slack.notify(account_id, message, key)

        async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
            return await office.slack.find_notice(account_id, key)

    office.channels["hq"] = Watched()
    await one_notice(office)
    assert await office.send() == 1
    assert seen == ["sending"]


async def test_a_lost_answer_is_looked_up_and_not_sent_again(office: Office) -> None:
    await one_notice(office)
    office.fail(Fault(FaultKind.DROP, POST, after_effect=True))
    assert await office.send() == 0
    assert (await office.notice()).state == "unknown"
    assert await office.send(minutes=1) == 1
    notice = await office.notice()
    assert (notice.state, len(office.inbox("U1"))) == ("sent", 1)
    assert notice.reference.startswith("DU1:")


async def test_an_answer_lost_before_the_effect_is_sent_again_without_a_warning(office: Office) -> None:
    await one_notice(office)
    office.fail(Fault(FaultKind.DROP, POST))
    await office.send()
    await office.send(minutes=1)
    (message,) = office.inbox("U1")
    assert "twice" not in message


async def test_a_crash_after_the_message_left_does_not_double_it(office: Office) -> None:
    await one_notice(office)
    await office.send()
    await _pretend_crash_while_sending(office)
    office.open_desk()
    assert await office.send(minutes=1) == 1
    assert (await office.notice()).state == "sent"
    assert len(office.inbox("U1")) == 1


async def test_a_crash_before_the_message_left_does_not_lose_it(office: Office) -> None:
    await one_notice(office)
    await _pretend_crash_while_sending(office)
    office.open_desk()
    assert await office.send(minutes=1) == 1
    assert len(office.inbox("U1")) == 1


async def _pretend_crash_while_sending(office: Office) -> None:
    """Leave the row as a killed process does: claimed, and nothing known after that."""
    values = {"state": "sending", "reference": "", "next_attempt_at": office.now, "sent_at": office.now}
    async with office.store.write() as tx:
        await change(tx, NoticeRow, values, columns(NoticeRow).case_id == "case_1")


async def test_what_cannot_be_known_is_sent_once_more_marked_and_then_never_again(office: Office) -> None:
    await one_notice(office)
    office.fail(Fault(FaultKind.DROP, POST, times=0, after_effect=True))
    office.fail(Fault(FaultKind.ERROR, "conversations.history", times=0, error="fatal_error"))
    await office.send()
    for _ in range(30):
        await office.send(seconds=LOOK_FOR.total_seconds() / 4)
    first, second = office.inbox("U1")
    assert "twice" not in first
    assert "may reach you twice" in second
    notice = await office.notice()
    assert (notice.state, notice.next_attempt_at) == ("unknown", None)
    assert (await office.acts("notice"))[-1] == ("notice.fail", "unknown")


async def test_a_channel_without_search_gets_the_marked_copy_at_once(office: Office) -> None:
    texts: list[str] = []

    class Blind:
        """Takes messages, loses its answers, and cannot be searched."""

        async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
            assert (account_id, key.startswith("notice_")) == ("U1", True)
            texts.append(message.text)
            return NoticeReceipt(NoticeOutcome.UNKNOWN)

        async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
            raise NotSupported(f"no search for {account_id} {key}")

    office.channels["hq"] = Blind()
    await one_notice(office)
    for _ in range(10):
        await office.send(minutes=10)
    assert ["twice" in text for text in texts] == [False, True]


async def test_a_platform_that_is_down_is_tried_again_later_and_once_per_pass(office: Office) -> None:
    for group, owner in (("sales", "E1"), ("ops", "E2"), ("board", "E3")):
        office.own(group, owner)
    case = await office.leave()
    for group in ("sales", "ops", "board"):
        await office.step(case, group)
    await office.enqueue(case)
    office.fail(Fault(FaultKind.HTTP_500, "conversations.open", times=0))
    assert await office.send() == 0
    asked_for = {call.params["users"] for call in office.sandbox.calls("conversations.open")}
    assert len(asked_for) == 1, "one refusal to serve must rest the others"
    office.sandbox.faults.clear()
    assert await office.send(minutes=5) == 3
    assert [len(office.inbox(account)) for account in ("U1", "U2", "U3")] == [1, 1, 1]


async def test_a_missing_scope_waits_for_an_operator_and_loses_nothing(office: Office) -> None:
    await one_notice(office)
    token = next(iter(office.sandbox.workspace.tokens.values()))
    token.scopes.remove("chat:write")
    assert await office.send() == 0
    assert await office.send(minutes=5) == 0
    assert len(office.sandbox.calls(POST)) == 1
    token.scopes.append("chat:write")
    assert await office.send(hours=2) == 1


async def test_an_owner_whose_account_is_deactivated_gives_way_to_the_deputy(office: Office) -> None:
    await one_notice(office, "E1", "E2")
    office.sandbox.workspace.users["U1"].deleted = True
    assert await office.send() == 0
    assert await office.send() == 1
    assert len(office.inbox("U2")) == 1
    assert {(row.recipient_id, row.state) for row in await office.notices()} == {
        ("E1", "undeliverable"),
        ("E2", "sent"),
    }


async def test_two_unreachable_people_end_the_chain_without_a_loop(office: Office) -> None:
    await one_notice(office, "E1", "E2")
    for account in ("U1", "U2"):
        office.sandbox.workspace.users[account].deleted = True
    for _ in range(5):
        assert await office.send(hours=1) == 0
    assert [row.state for row in await office.notices()] == ["undeliverable", "undeliverable"]


async def test_somebody_who_leaves_while_the_message_waits_is_not_told_any_more(office: Office) -> None:
    await one_notice(office, "E1", "E2")
    await office.rewrite(Person("E1", "Badr Salem", status=PersonStatus.TERMINATED))
    await office.send()
    await office.send()
    assert (office.inbox("U1"), len(office.inbox("U2"))) == ([], 1)
    assert ("notice.suppress", "withheld") in await office.acts("notice")


async def test_an_account_that_is_doubted_while_the_message_waits_is_not_written_to(office: Office) -> None:
    await one_notice(office, "E1", "E2")
    await office.link("E7", "U1")
    await office.send()
    await office.send()
    assert (office.inbox("U1"), len(office.inbox("U2"))) == ([], 1)


async def test_the_hourly_cap_holds_back_and_then_lets_go(office: Office) -> None:
    office.own("sales", "E1")
    for number in range(5):
        case = await office.leave(case_id=f"case_{number}")
        await office.step(case, "sales")
        await office.enqueue(case)
    office.limit(per_hour=2)
    assert [await office.send(), await office.send(minutes=1)] == [2, 0]
    assert await office.send(minutes=61) == 1
    assert await office.send(minutes=61) == 0
    *_, last = office.inbox("U1")
    assert last.count("Where it stands") == 3, "what waited is put together, and none of it is lost"


async def test_the_global_stop_keeps_everything_waiting(office: Office) -> None:
    await one_notice(office)
    office.limit(stopped=True)
    assert await office.send() == 0
    assert (await office.notice()).state == "pending"
    assert office.sandbox.journal == []
    office.limit(stopped=False)
    assert await office.send() == 1


async def test_only_those_on_the_allow_list_are_written_to(office: Office) -> None:
    office.own("sales", "E1")
    office.own("ops", "E2")
    case = await office.leave()
    await office.step(case, "sales")
    await office.step(case, "ops")
    await office.enqueue(case)
    office.limit(only_to=frozenset({"E2"}))
    assert await office.send() == 1
    assert (office.inbox("U1"), len(office.inbox("U2"))) == ([], 1)
    withheld = next(row for row in await office.notices() if row.recipient_id == "E1")
    assert (withheld.state, withheld.detail) == ("undeliverable", "not_on_the_allow_list")


async def test_a_pass_that_overtakes_a_slow_sending_does_not_take_it_for_lost(office: Office) -> None:
    taken, answering = asyncio.Event(), asyncio.Event()

    class Slow:
        """Lets nobody know for a while what became of the message."""

        async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
            taken.set()
            await answering.wait()
            return await office.slack.notify(account_id, message, key)

        async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
            return await office.slack.find_notice(account_id, key)

    office.channels["hq"] = Slow()
    await one_notice(office)
    first = asyncio.create_task(office.sender.send_due(office.now))
    await taken.wait()
    second = asyncio.create_task(office.sender.send_due(office.now))
    await asyncio.sleep(0.1)
    answering.set()
    assert [await first, await second] == [1, 0]
    assert len(office.inbox("U1")) == 1


async def test_two_passes_at_once_send_once(office: Office) -> None:
    await one_notice(office)
    sent = await asyncio.gather(*(office.sender.send_due(office.now) for _ in range(4)))
    assert sorted(sent) == [0, 0, 0, 1]
    assert len(office.inbox("U1")) == 1


async def test_what_one_sender_has_claimed_no_other_claims(office: Office) -> None:
    await one_notice(office)
    (notice,) = await office.notices()
    claims = office.sender._claims
    assert await claims.claim(notice.id, office.now) is not None
    assert await claims.claim(notice.id, office.now) is None


async def test_an_instance_that_is_no_longer_configured_keeps_its_messages_waiting(office: Office) -> None:
    await one_notice(office)
    office.channels["hq"] = object()
    office.open_desk()
    assert await office.send() == 0
    office.channels.clear()
    office.open_desk()
    assert await office.send(seconds=timedelta(hours=2).total_seconds()) == 1
