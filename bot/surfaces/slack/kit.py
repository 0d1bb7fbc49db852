"""Block Kit in small: plain text cut to what Slack takes, buttons that ask first, options to choose from."""

from __future__ import annotations

from typing import Any

from bot.locale import Translator

Block = dict[str, Any]

# docs.slack.dev/reference/block-kit: composition objects, blocks and elements
LONGEST_TITLE = 24
LONGEST_HEADER = 150
LONGEST_LABEL = 75
LONGEST_OPTION = 75
LONGEST_SECTION = 3000
LONGEST_HINT = 2000
LONGEST_ASK = 300
LONGEST_CHOICE = 30
MOST_OPTIONS = 100
_ISOLATE, _END, _CUT = "\u2068", "\u2069", "…"


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters, an ellipsis at its end; no fence around a name is left open."""
    if len(text) <= most:
        return text or _CUT
    kept = text[: most - 1]
    if kept.count(_ISOLATE) > kept.count(_END):
        kept = kept[: most - 2] + _END
    return kept + _CUT


def plain(text: str, most: int = LONGEST_SECTION) -> Block:
    """Give text in which nothing is markup, a mention or an emoji."""
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


def section(text: str) -> Block:
    """Give a paragraph."""
    return {"type": "section", "text": plain(text)}


def header(text: str) -> Block:
    """Give a headline."""
    return {"type": "header", "text": plain(text, LONGEST_HEADER)}


def note(text: str) -> Block:
    """Give a line in small print."""
    return {"type": "context", "elements": [plain(text)]}


def option(text: str, value: str) -> Block:
    """Give one choice."""
    return {"text": plain(text, LONGEST_OPTION), "value": value}


def asked(name: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """Give a field; `name` is the id errors are shown at."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label, LONGEST_HINT),
        "element": element,
        "optional": optional,
    }
    return block | ({"hint": plain(hint, LONGEST_HINT)} if hint else {})


def sure(blocks: list[Block], t: Translator) -> list[Block]:
    """Have every dangerous button ask first, in the words it carries itself."""
    for block in blocks:
        for element in block.get("elements", ()):
            if element.get("style") == "danger":
                element["confirm"] = _confirm(element["text"]["text"], t)
    return blocks


def _confirm(label: str, t: Translator) -> Block:
    return {
        "title": plain(t.text("Are you sure?"), LONGEST_TITLE),
        "text": plain(label, LONGEST_ASK),
        "confirm": plain(label, LONGEST_CHOICE),
        "deny": plain(t.text("Go back"), LONGEST_CHOICE),
        "style": "danger",
    }
