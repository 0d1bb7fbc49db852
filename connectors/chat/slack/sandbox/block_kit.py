"""What Slack refuses in blocks: the published limits of the few kinds a message here is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# docs.slack.dev/reference/block-kit/blocks and …/block-elements/button-element
_STYLES = {None, "primary", "danger"}


def wrong_with(blocks: Any) -> str | None:
    """Give the first complaint about a message's blocks, or None."""
    if not isinstance(blocks, list):
        return "[ERROR] blocks must be an array"
    if len(blocks) > 50:
        return "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    complaints = (f"{one} [json-pointer:/blocks/{n}]" for n, block in enumerate(blocks) for one in _of(block))
    return next(complaints, None)


def _of(block: Any) -> Iterator[str]:
    match block:
        case {"type": "section", "text": text}:
            yield from _text(text, 3000)
        case {"type": "actions", "elements": list(elements)}:
            yield from _actions(elements)
        case {"type": "divider"}:
            pass
        case {"type": "header", "text": text}:
            yield from _text(text, 150)
        case {"type": "context", "elements": list(elements)}:
            yield from (why for element in elements for why in _text(element, 3000))
        case _:
            yield "[ERROR] unsupported block"


def _actions(elements: list[Any]) -> Iterator[str]:
    if not 1 <= len(elements) <= 25:
        yield "[ERROR] actions take 1 to 25 elements"
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) != len(ids):
        yield "[ERROR] `action_id` already exists"
    for element in elements:
        yield from _button(element)


def _button(element: Any) -> Iterator[str]:
    if element.get("type") != "button":
        yield "[ERROR] only buttons are kept here"
    yield from _text(element.get("text"), 75)
    if not 1 <= len(str(element.get("action_id", ""))) <= 255:
        yield "[ERROR] action_id is 1 to 255 characters"
    if len(str(element.get("value", ""))) > 2000 or len(str(element.get("url", ""))) > 3000:
        yield "[ERROR] value is at most 2000, url at most 3000 characters"
    if element.get("style") not in _STYLES:
        yield "[ERROR] style is primary or danger"


def _text(text: Any, most: int) -> Iterator[str]:
    match text:
        case {"type": "plain_text" | "mrkdwn", "text": str(said)} if 1 <= len(said) <= most:
            pass
        case _:
            yield f"[ERROR] text must be 1 to {most} characters"
