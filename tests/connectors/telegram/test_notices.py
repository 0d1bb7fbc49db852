"""Notices: one message to one person, plain, and never to a group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.chat.telegram.notices import parts_of
from connectors.chat.telegram.sandbox import Fault, FaultKind, create_sandbox
from connectors.errors import BadCredentials, ConnectorError, NotSupported
from connectors.messages import NoticeOutcome, Notifies, plain
from tests.connectors.telegram.stage import OMAR, STRANGER, SUPER, ZAID, Stage, staged, world


def outbox(stage: Stage) -> list[tuple[int, str]]:
    return [(sent.chat, sent.text) for sent in stage.world.bot().outbox]


async def test_a_notice_arrives_as_plain_text_without_previews() -> None:
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        text = "غادرت <b>Ana</b> & https://example.com"
        receipt = await stage.telegram.notify(str(OMAR), plain(text), "key-1")
        assert outbox(stage) == [(OMAR, text)]
        (sent,) = stage.sandbox.calls("sendMessage")
        assert isinstance(stage.telegram, Notifies)
    assert (receipt.outcome, receipt.reference) == (NoticeOutcome.SENT, "2")
    assert "parse_mode" not in sent.params
    assert '"is_disabled": true' in sent.params["link_preview_options"]


async def test_whoever_cannot_be_written_to_is_undeliverable_and_the_reason_is_said() -> None:
    async with staged() as stage:
        stage.world.person_writes(ZAID, "/start")
        stage.world.person_blocks(ZAID)
        stage.world.person_writes(STRANGER, "/start")
        stage.world.person_deletes_account(STRANGER)
        receipts = [
            await stage.telegram.notify(str(id_), plain("hello"), "k") for id_ in (OMAR, ZAID, STRANGER)
        ]
        unknown = await stage.telegram.notify("123456789", plain("hello"), "k")
        assert outbox(stage) == []
    assert {receipt.outcome for receipt in (*receipts, unknown)} == {NoticeOutcome.UNDELIVERABLE}
    assert [receipt.detail for receipt in receipts] == [
        "bot can't initiate conversation with a user",
        "bot was blocked by the user",
        "user is deactivated",
    ]


@pytest.mark.parametrize("address", [str(SUPER), "@omar", "", "+966501234567"])
async def test_nothing_is_ever_written_to_a_group_or_a_name(address: str) -> None:
    async with staged() as stage:
        receipt = await stage.telegram.notify(address, plain("hello"), "k")
        assert not stage.sandbox.journal
    assert receipt.outcome is NoticeOutcome.UNDELIVERABLE


async def test_a_lost_answer_is_unknown_and_a_refusal_for_now_is_to_be_tried_again() -> None:
    faults = [
        Fault(FaultKind.DROP, "sendMessage", after_effect=True),
        Fault(FaultKind.LIMITED_429, "sendMessage", nth=1, seconds=3),
    ]
    async with staged(sandbox=create_sandbox(world(), faults=faults[:1])) as stage:
        stage.world.person_writes(OMAR, "/start")
        lost = await stage.telegram.notify(str(OMAR), plain("hello"), "k")
        assert len(outbox(stage)) == 1
    async with staged(sandbox=create_sandbox(world(), faults=faults[1:])) as stage:
        stage.world.person_writes(OMAR, "/start")
        limited = await stage.telegram.notify(str(OMAR), plain("hello"), "k")
        assert outbox(stage) == []
    assert lost.outcome is NoticeOutcome.UNKNOWN
    assert limited.outcome is NoticeOutcome.RETRY
    assert 3 <= (limited.retry_after or 0) < 4


async def test_nobody_can_look_for_a_notice() -> None:
    async with staged() as stage:
        with pytest.raises(NotSupported):
            await stage.telegram.find_notice(str(OMAR), "k")
        assert not stage.sandbox.journal


async def test_a_long_notice_goes_in_parts_and_a_part_that_is_lost_is_said() -> None:
    line = "a line of this length " * 10 + "\n"
    text = line * 40
    fault = Fault(FaultKind.LIMITED_429, "sendMessage", nth=2)
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        receipt = await stage.telegram.notify(str(OMAR), plain(text), "k")
        assert "".join(sent for _, sent in outbox(stage)) == text
        assert len(outbox(stage)) == 3
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        stage.world.person_writes(OMAR, "/start")
        broken = await stage.telegram.notify(str(OMAR), plain(text), "k")
        assert len(outbox(stage)) == 1
    assert receipt.outcome is NoticeOutcome.SENT
    assert broken.outcome is NoticeOutcome.UNKNOWN
    assert "part 2 of 3" in broken.detail


async def test_a_refusal_nobody_foresaw_raises() -> None:
    fault = Fault(FaultKind.ERROR, "sendMessage", description="Bad Request: TOPIC_CLOSED")
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        with pytest.raises(ConnectorError, match="topic_closed"):
            await stage.telegram.notify(str(OMAR), plain("hello"), "k")


async def test_a_dead_token_raises() -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(FaultKind.TOKEN_REVOKED)])) as stage:
        with pytest.raises(BadCredentials):
            await stage.telegram.notify(str(OMAR), plain("hello"), "k")


@given(st.text(), st.integers(1, 40))
def test_parts_hold_the_whole_text_and_none_is_too_long_or_empty(text: str, most: int) -> None:
    parts = parts_of(text, most)
    kept = "".join(parts)
    if text.strip():
        assert all(part.strip() and len(part) <= most for part in parts)
    assert "".join(kept.split()) == "".join(text.split())
