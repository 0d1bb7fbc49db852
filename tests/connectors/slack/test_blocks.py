"""Messages with buttons as Slack shows them: within its limits, changed in place, never read as markup."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.chat.slack.blocks import blocks
from connectors.chat.slack.sandbox import Fault, FaultKind, create_sandbox
from connectors.chat.slack.sandbox.block_kit import wrong_with
from connectors.messages import Button, Message, NoticeOutcome, Passage, plain
from tests.connectors.slack.stage import Stage, staged, workspace

_BUTTON = st.builds(
    Button,
    label=st.text(min_size=1, max_size=120),
    act=st.sampled_from(["ok", "no", "done", "cant"]),
    value=st.text(max_size=48),
    style=st.sampled_from(["plain", "primary", "danger"]),
    url=st.none() | st.just("https://console.test/tasks"),
)
_PASSAGE = st.builds(Passage, st.text(max_size=200), st.lists(_BUTTON, max_size=6).map(tuple))


def shown(stage: Stage) -> dict[str, Any]:
    """The one message in the conversation with U2, as Slack keeps it."""
    (message,) = stage.sandbox.workspace.channels["DU2"].messages
    return dict(message)


async def test_a_button_carries_its_act_and_value_and_a_link_only_opens() -> None:
    done = Button("Done: sales", "done", "task_1", "primary")
    link = Button("Open", "", "", url="https://console.test/tasks")
    async with staged() as stage:
        await stage.slack.notify("U2", Message((Passage("Please <!channel>", (done, link)),)), "k")
        message = shown(stage)
    section, actions = message["blocks"]
    assert section["text"] == {"type": "plain_text", "text": "Please <!channel>", "emoji": False}
    first, second = actions["elements"]
    assert (first["action_id"], first["value"], first["style"]) == ("done", "task_1", "primary")
    assert (second["action_id"], second["url"], second.get("value")) == (
        "open",
        "https://console.test/tasks",
        None,
    )
    assert "<!channel>" not in message["text"]


async def test_a_message_is_changed_in_place_and_its_buttons_are_gone() -> None:
    async with staged() as stage:
        sent = await stage.slack.notify("U2", Message((Passage("?", (Button("Yes", "ok", "1"),)),)), "k")
        changed = await stage.slack.update_notice("U2", sent.reference, plain("Huda said yes."), "k")
        again = await stage.slack.find_notice("U2", "k")
        message = shown(stage)
    assert (changed.outcome, changed.reference) == (NoticeOutcome.SENT, sent.reference)
    assert (message["text"], [block["type"] for block in message["blocks"]]) == (
        "Huda said yes.",
        ["section"],
    )
    assert again.reference == sent.reference


async def test_what_is_gone_or_was_never_there_cannot_be_changed() -> None:
    async with staged() as stage:
        await stage.slack.notify("U2", plain("hello"), "k")
        for reference in ("DU2:1.2", "DU2", ""):
            receipt = await stage.slack.update_notice("U2", reference, plain("x"), "k")
            assert receipt.outcome is NoticeOutcome.UNDELIVERABLE, reference


async def test_a_change_whose_answer_is_lost_or_limited_may_be_made_again() -> None:
    faults = [Fault(FaultKind.DROP, "chat.update", after_effect=True)]
    async with staged(sandbox=create_sandbox(workspace(), faults=faults)) as stage:
        sent = await stage.slack.notify("U2", plain("hello"), "k")
        lost = await stage.slack.update_notice("U2", sent.reference, plain("bye"), "k")
        again = await stage.slack.update_notice("U2", sent.reference, plain("bye"), "k")
        assert shown(stage)["text"] == "bye"
    assert (lost.outcome, again.outcome) == (NoticeOutcome.RETRY, NoticeOutcome.SENT)


@given(st.lists(_PASSAGE, max_size=60))
def test_whatever_a_message_holds_slack_takes_its_blocks(passages: list[Passage]) -> None:
    assert wrong_with(blocks(Message(tuple(passages)))) is None


def test_a_long_paragraph_goes_in_several_blocks_and_loses_nothing() -> None:
    text = "\n".join(f"line {number} of a long paragraph" for number in range(400))
    made = blocks(plain(text))
    assert wrong_with(made) is None
    assert "".join(block["text"]["text"] for block in made) == text
