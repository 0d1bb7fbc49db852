"""Approvals as messages: to everybody who may sign, by two operators, updated in place, whatever is down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.holds import open_holds
from bot.notices.stopping import start, stop
from bot.notices.touched import concerned_by, lone_approvals
from bot.release import release
from bot.store.access_tables import ConfirmationRow, PreferenceRow
from bot.store.query import add, change, columns
from bot.store.tables import CaseRow, HoldRow
from bot.values import event_to_plain
from connectors.chat.slack.sandbox import Fault, FaultKind
from connectors.chat.telegram.sandbox import Fault as TelegramFault
from connectors.chat.telegram.sandbox import FaultKind as TelegramKind
from policies.model import EventKind, LifecycleEvent, Person
from tests.bot.notices.desk_of_two import ANA, IDRIS, NOURA, STAFF, Desk, desk
from tests.bot.offices import SLACK, TELEGRAM


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Desk]:
    """Noura of HR has Slack, Telegram and mail; Idris of IT has Slack and mail."""
    async with desk(tmp_path) as made:
        await made.employ(NOURA, ["hr"], {SLACK: "UNOURA", TELEGRAM: "7002"})
        await made.employ(IDRIS, ["it"], {SLACK: "UIDRIS"})
        yield made


def buttons(one: Desk, account: str) -> list[tuple[str, str]]:
    rows = [block for message in one.in_slack(account) for block in message["blocks"]]
    return [
        (element["action_id"], element.get("value", ""))
        for block in rows
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def test_everybody_who_may_sign_is_asked_by_two_operators_with_buttons_named_by_the_act(
    two: Desk,
) -> None:
    await two.send()
    holds = await two.world.holds()
    assert len(two.slack_texts("UNOURA")) == len(two.in_telegram(NOURA)) == len(holds)
    assert len(two.slack_texts("UIDRIS")) == len(two.in_mail("idris@corp.test")) == len(holds)
    assert two.slack_texts("UANA") == two.in_mail("ana@corp.test") == []
    wanted = {(act, hold.digest[:16]) for hold in holds for act in ("ok", "no")}
    assert set(buttons(two, "UNOURA")) == wanted
    assert "Waiting for an approval" in two.in_telegram(NOURA)[0]
    await two.send(minutes=10)
    assert len(two.slack_texts("UNOURA")) == len(holds), "asked once"


async def test_after_the_decision_every_copy_says_who_decided_and_has_no_buttons(two: Desk) -> None:
    await two.send()
    for hold in await two.world.holds():
        await release(two.world.app, hold.digest, actor="person:E2")
    await two.send(minutes=1)
    for said in (*two.slack_texts("UNOURA"), *two.slack_texts("UIDRIS"), *two.in_telegram(NOURA)):
        assert "Noura approved it" in said
    assert buttons(two, "UNOURA") == buttons(two, "UIDRIS") == []
    assert len(two.in_mail("idris@corp.test")) == len(two.slack_texts("UIDRIS")), "no second mail for it"
    assert ("notice.update") in {entry["action"] for entry in await two.world.log()}


async def test_slack_down_while_approving_the_approval_arrives_by_another_operator(two: Desk) -> None:
    two.world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "conversations.open", times=0))
    await two.send()
    assert two.in_telegram(NOURA)
    assert two.in_mail("idris@corp.test")
    assert two.slack_texts("UNOURA") == []


async def test_slack_and_meta_and_telegram_down_at_once_leave_mail(two: Desk) -> None:
    two.world.sandbox.faults.append(Fault(FaultKind.DROP, "conversations.open", times=0))
    two.world.telegram.faults.append(TelegramFault(TelegramKind.HTTP_500, "sendMessage", times=0))
    await two.send()
    for _ in range(4):
        await two.send(minutes=4)
    assert two.in_mail("noura@corp.test")
    by = {(row.operator, row.outcome) for row in await two.receipts()}
    assert ("email", "sent") in by
    failed = [entry for entry in await two.world.log() if entry["outcome"] == "failover"]
    assert failed


async def test_an_approval_that_can_only_travel_by_what_it_changes_is_said_to_be_so(tmp_path: Path) -> None:
    async with desk(tmp_path, mail=False) as one:
        await one.employ(IDRIS, ["it"], {SLACK: "UIDRIS"})
        await one.send()
        async with one.world.app.store.read() as tx:
            lone = {(hold.kind, why) for hold, why in await lone_approvals(one.world.app, tx)}
        assert {why for _, why in lone} == {"not_independent"}
        assert "not_independent" in {entry["outcome"] for entry in await one.world.log()}
        assert one.slack_texts("UIDRIS"), "it arrives all the same"


async def test_neither_the_subject_nor_whoever_leaves_nor_the_requester_is_asked(two: Desk) -> None:
    await two.employ(ANA, ["hr"], {SLACK: "UANA"})
    gone = STAFF[0].replace("active,,", "terminated,2026-11-19,")
    two.world.drop(gone, *STAFF[1:])
    assert await stop(two.world.app, actor="person:E3")
    await two.world.run()
    assert two.slack_texts("UNOURA") == [], "stopped"
    async with two.world.app.store.write() as tx:
        await change(tx, HoldRow, {"requested_by": "person:E3"}, columns(HoldRow).digest != "")
    two.restart()
    assert await start(two.world.app, actor="person:E3")
    await two.send()
    assert two.slack_texts("UANA") == two.in_mail("ana@corp.test") == []
    assert two.slack_texts("UIDRIS") == two.in_mail("idris@corp.test") == []
    assert two.slack_texts("UNOURA")


async def test_whom_a_departure_is_about_reads_along_nowhere(tmp_path: Path) -> None:
    flow = {"url": "http://127.0.0.1:9/flow", "people": [NOURA, ANA]}
    async with desk(tmp_path, cards={"flow": flow}) as one:
        await one.employ(NOURA, ["hr"], {SLACK: "UNOURA"})
        row = PreferenceRow(person_id=NOURA, channels=["teams"], updated_at=one.world.clock())
        async with one.world.app.store.write() as tx:
            await add(tx, row)
        one.world.drop(STAFF[0].replace("active,,", "terminated,2026-11-19,"), *STAFF[1:])
        await one.world.run()
        await one.send()
        async with one.world.app.store.read() as tx:
            hers = {hold.digest for hold in await open_holds(tx) if ANA in await concerned_by(tx, hold)}
        asked = [row for row in await one.notices() if row.hold_digest]
        assert hers
        assert {row.instance for row in asked if row.hold_digest in hers} == {SLACK, "email"}
        others = {row.instance for row in asked if row.hold_digest not in hers}
        assert "flow" in others, "what is about nobody's departure may go there"


async def test_a_lost_answer_by_mail_is_sent_once_more_and_marked(two: Desk) -> None:
    two.post.hang_up_after_data = True
    await two.send()
    for _ in range(4):
        await two.send(minutes=10)
    mails = two.in_mail("idris@corp.test")
    holds = len(await two.world.holds())
    assert len(mails) == 2 * holds
    assert ["may reach you twice" in mail for mail in mails].count(True) == holds
    ids = {str(mail["Message-ID"]) for to, mail in two.post.mails if to == "idris@corp.test"}
    assert len(ids) == holds, "the second copy is known as one"


async def test_an_emergency_asks_a_second_person_and_never_who_asked_for_it(two: Desk) -> None:
    case = CaseRow(
        id="case_x",
        event_key="k",
        person_id=ANA,
        kind="leaver",
        exit_type="dismissal",
        event={},
        state="executing",
        created_at=two.world.clock(),
        updated_at=two.world.clock(),
    )
    case.event = event_to_plain(LifecycleEvent(EventKind.LEAVER, Person(ANA, "Ana Quispe")))
    asked = ConfirmationRow(
        case_id="case_x", requested_by="person:E2", requested_at=two.world.clock(), due=two.world.clock()
    )
    async with two.world.app.store.write() as tx:
        await add(tx, case)
        await add(tx, asked)
    await two.send()
    assert ("conf", "case_x") in buttons(two, "UIDRIS")
    assert not any("Emergency" in text for text in two.slack_texts("UNOURA"))
    async with two.world.app.store.write() as tx:
        values = {"verdict": "confirmed", "decided_by": IDRIS, "decided_at": two.world.clock()}
        await change(tx, ConfirmationRow, values, columns(ConfirmationRow).case_id == "case_x")
    await two.send(minutes=1)
    assert any("Idris said that it was right" in text for text in two.slack_texts("UIDRIS"))
    assert not any("dismiss" in text.lower() for text in two.slack_texts("UIDRIS"))


async def test_a_restart_asks_nobody_twice(two: Desk) -> None:
    await two.send()
    before = len(two.slack_texts("UNOURA"))
    two.restart()
    await two.send(minutes=1)
    assert len(two.slack_texts("UNOURA")) == before
