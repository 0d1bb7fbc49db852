"""Buttons under a message, and messages changed in place."""

from __future__ import annotations

import json

import pytest

from connectors.chat.telegram.keyboard import keyboard
from connectors.chat.telegram.sandbox import Fault, FaultKind, create_sandbox
from connectors.chat.telegram.sandbox.state import Sent
from connectors.messages import Button, Message, NoticeOutcome, Passage, plain
from tests.connectors.telegram.stage import OMAR, Stage, staged, world

QUESTION = Message(
    (
        Passage(
            "Is Ana out of sales?", (Button("Done: sales", "done", "task_1"), Button("No", "cant", "task_1"))
        ),
        Passage("All tasks:", (Button("Open", "", "", url="https://console.test/tasks"),)),
    )
)


def only(stage: Stage) -> Sent:
    (sent,) = stage.world.bot().outbox
    return sent


async def test_buttons_stand_in_one_row_for_each_passage_and_carry_act_and_value() -> None:
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        await stage.telegram.notify(str(OMAR), QUESTION, "k")
        sent = only(stage)
    rows = json.loads(sent.reply_markup)["inline_keyboard"]
    assert [[button.get("callback_data") for button in row] for row in rows] == [
        ["done:task_1", "cant:task_1"],
        [None],
    ]
    assert rows[1][0]["url"] == "https://console.test/tasks"
    assert sent.text == "Is Ana out of sales?\n\nAll tasks:"
    assert sent.quiet


async def test_what_must_be_heard_makes_a_sound() -> None:
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        await stage.telegram.notify(str(OMAR), Message((Passage("now"),), quiet=False), "k")
        assert not only(stage).quiet


async def test_a_message_is_changed_in_place_and_its_buttons_are_gone() -> None:
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        sent = await stage.telegram.notify(str(OMAR), QUESTION, "k")
        outcomes = [
            (await stage.telegram.update_notice(str(OMAR), sent.reference, plain("Done."), "k")).outcome
            for _ in range(2)
        ]
        after = only(stage)
    assert outcomes == [NoticeOutcome.SENT, NoticeOutcome.SENT], "the same words twice are no failure"
    assert (after.text, after.reply_markup, after.edits) == ("Done.", "", 1)


@pytest.mark.parametrize("reference", ["999", "", "1,2"])
async def test_a_message_that_is_gone_or_was_sent_in_parts_is_not_changed(reference: str) -> None:
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        receipt = await stage.telegram.update_notice(str(OMAR), reference, plain("x"), "k")
    assert receipt.outcome is NoticeOutcome.UNDELIVERABLE


async def test_a_change_whose_answer_is_lost_may_be_made_again() -> None:
    fault = Fault(FaultKind.DROP, "editMessageText", after_effect=True)
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        stage.world.person_writes(OMAR, "/start")
        sent = await stage.telegram.notify(str(OMAR), QUESTION, "k")
        lost = await stage.telegram.update_notice(str(OMAR), sent.reference, plain("x"), "k")
        assert only(stage).text == "x"
    assert lost.outcome is NoticeOutcome.RETRY


def test_a_button_that_carries_too_much_is_never_cut_short() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        keyboard(Message((Passage("x", (Button("x", "done", "é" * 40),)),)))


def test_there_are_never_more_than_a_hundred_buttons() -> None:
    pair = (Button("a", "done", "1"), Button("b", "cant", "1"))
    made = keyboard(Message(tuple(Passage(str(n), pair) for n in range(58))))
    assert made is not None
    assert sum(map(len, made.inline_keyboard)) == 100
