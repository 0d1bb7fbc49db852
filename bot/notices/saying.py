"""What every message is put together from: the means of its channel, names cut to size, lists that end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.locale import Translator
from connectors.messages import Button, Message, Passage

MOST_CHARACTERS = 3400
"""What a list may fill: with its opening and end it stays below Telegram's 4,096: one message."""
LONGEST_NAME = 80
"""Longer names of people and groups are cut, with an ellipsis."""
LONGEST_ON_BUTTON = 40


@dataclass(frozen=True, slots=True)
class Means:
    """What a channel lets a reader do."""

    buttons: bool = True
    """Whether a pressed button reaches Bawab; else there are links; without a console, commands."""
    console: str | None = None
    """Where the console is reached."""

    def link(self, path: str, label: str) -> tuple[Button, ...]:
        """Give a button that opens a page of the console, where there is one."""
        return (Button(label, "", "", url=f"{self.console}{path}"),) if self.console else ()


@dataclass(frozen=True, slots=True)
class Written:
    """A notice in words; `message` is None where nothing is left to say."""

    message: Message | None
    closed: bool = False
    """Everything it was about is settled: once this is said, it is not looked at again."""
    told: tuple[str, ...] = ()
    """What it tells of, so that nothing is told twice."""

    @property
    def digest(self) -> str:
        """A digest of all that is shown, to see whether it changed."""
        return hashlib.sha256(repr(self.message).encode()).hexdigest()[:32] if self.message else ""


def named(name: str, t: Translator, most: int = LONGEST_NAME) -> str:
    """Fence off a name, cut to size."""
    kept = " ".join(name.split())
    return t.isolate(kept if len(kept) <= most else kept[: most - 1] + "…")


def bounded(lines: Sequence[str], most: int = MOST_CHARACTERS) -> list[str]:
    """Give as many lines as fit into so many characters, from the first; always one."""
    kept: list[str] = []
    room = most
    for line in lines:
        room -= len(line) + 1
        if kept and room < 0:
            break
        kept.append(line)
    return kept


def repeated(passages: Sequence[Passage], t: Translator, *, may_repeat: bool) -> tuple[Passage, ...]:
    """Add that this may come twice, where an earlier sending got no clear answer."""
    if not may_repeat or not passages:
        return tuple(passages)
    said = t.text("This message may reach you twice: the first sending got no clear answer.")
    return (*passages, Passage(said))
