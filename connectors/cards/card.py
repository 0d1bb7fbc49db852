"""A message as an Adaptive Card: plain text runs, links for buttons, mirrored for readers of Arabic."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from connectors.messages import Button, Message

# learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors, connectors-using: 28 KB a message;
# `rtl` came with version 1.5 of the schema, which Teams shows.
LARGEST = 28 * 1024
VERSION = "1.5"
MOST_ACTIONS = 6
"""Teams shows no more in one row of actions."""
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_TYPE = "application/vnd.microsoft.card.adaptive"
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_CUT = "…"


def envelope(message: Message, recipient: str, key: str) -> bytes:
    """Give what is posted: one card, whom it is for, and the notice's id; at most 28 KB.

    What does not fit is cut at the end of the text; the links stay.
    """
    lines = [line for passage in message.passages for line in passage.text.splitlines() if line.strip()]
    body = _posted(message, lines, recipient, key)
    while len(body) > LARGEST and lines:
        over = len(body) - LARGEST
        kept = _shortened(lines, over)
        lines = [*kept, _CUT] if kept != lines else kept[:-1]
        body = _posted(message, lines, recipient, key)
    return body


def _shortened(lines: list[str], over: int) -> list[str]:
    kept = [line for line in lines if line != _CUT]
    while over > 0 and kept:
        over -= len(json.dumps(kept.pop()))
    return kept


def _posted(message: Message, lines: Iterable[str], recipient: str, key: str) -> bytes:
    posted = {
        "type": "message",
        "recipient": recipient,
        "notice": key,
        "attachments": [{"contentType": _TYPE, "contentUrl": None, "content": _card(message, lines)}],
    }
    return json.dumps(posted).encode()


def _card(message: Message, lines: Iterable[str]) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "lang": message.language,
        "rtl": message.language.partition("-")[0] in _RIGHT_TO_LEFT,
        "msteams": {"width": "Full"},
        "fallbackText": message.title or "Bawab",
        "body": [*([_line(message.title, bold=True)] if message.title else []), *map(_line, lines)],
    }
    actions = [_open(button) for passage in message.passages for button in passage.buttons if _opens(button)]
    return card | ({"actions": actions[:MOST_ACTIONS]} if actions else {})


def _line(text: str, *, bold: bool = False) -> dict[str, Any]:
    # A text run knows no Markdown: a name with brackets or stars in it stays that name.
    run: dict[str, Any] = {"type": "TextRun", "text": text}
    return {"type": "RichTextBlock", "inlines": [run | ({"weight": "Bolder"} if bold else {})]}


def _opens(button: Button) -> bool:
    return button.url is not None and button.url.startswith(("https://", "http://"))


def _open(button: Button) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": button.label, "url": button.url}
