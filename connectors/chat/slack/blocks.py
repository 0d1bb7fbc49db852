"""A message as Slack's Block Kit: paragraphs as plain text, buttons under them, within what Slack takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.messages import Button, Message, Passage

# docs.slack.dev/reference/block-kit: blocks/section-block, blocks/actions-block, block-elements/button
MOST_BLOCKS = 50
LONGEST_TEXT = 3000
MOST_BUTTONS = 25
LONGEST_LABEL = 75
LONGEST_VALUE = 2000
LONGEST_URL = 3000
LONGEST_FALLBACK = 4000
"""Slack advises no more in `text` and cuts it at 40,000; it is shown where blocks cannot be."""
OPENS = "open"
"""The action id of a button that only opens a page; Slack reports such a press too."""
_CUT = "…"


def blocks(message: Message) -> list[dict[str, Any]]:
    """Give a message's blocks, at most 50; what would go beyond is cut with an ellipsis, never refused.

    Text is `plain_text`: neither markup nor a mention in it means anything. A button's `action_id` is its
    act, its `value` comes back unchanged.
    """
    made = [block for passage in message.passages for block in _passage(passage)]
    if len(made) <= MOST_BLOCKS:
        return made
    return [*made[: MOST_BLOCKS - 1], _section(_CUT)]


def fallback(message: Message) -> str:
    """Give the text for notifications and screen readers, cut to what Slack advises; not yet escaped."""
    text = message.text
    return text if len(text) <= LONGEST_FALLBACK else text[: LONGEST_FALLBACK - 1] + _CUT


def _passage(passage: Passage) -> Iterator[dict[str, Any]]:
    for piece in _pieces(passage.text):
        yield _section(piece)
    for row in _rows(passage.buttons):
        yield {"type": "actions", "elements": [_button(button) for button in row]}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _pieces(text: str) -> Iterator[str]:
    """Cut a paragraph at line ends where it is too long for one block; Slack refuses one of white space."""
    while len(text) > LONGEST_TEXT:
        end = text.rfind("\n", 1, LONGEST_TEXT)
        end = end if end > 0 else LONGEST_TEXT
        if text[:end].strip():
            yield text[:end]
        text = text[end:]
    if text.strip():
        yield text


def _rows(buttons: Sequence[Button]) -> Iterator[list[Button]]:
    """Group buttons into blocks: an action id may stand in a block only once."""
    row: list[Button] = []
    for button in buttons:
        if len(row) == MOST_BUTTONS or any(_id(other) == _id(button) for other in row):
            yield row
            row = []
        row.append(button)
    if row:
        yield row


def _button(button: Button) -> dict[str, Any]:
    label = button.label if len(button.label) <= LONGEST_LABEL else button.label[: LONGEST_LABEL - 1] + _CUT
    made: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "action_id": _id(button),
    }
    if button.url is not None:
        made["url"] = button.url[:LONGEST_URL]
    else:
        made["value"] = button.value[:LONGEST_VALUE]
    if button.style != "plain":
        made["style"] = button.style
    return made


def _id(button: Button) -> str:
    return button.act or OPENS
