"""What stands open, in words: a delivery's fate, a gap's group, a group nobody takes over."""

from __future__ import annotations

import re
from typing import Protocol

from bot.locale import N_, Translator
from bot.locale.keys import REFUSALS, why_text
from policies.acts import Refusal

FEEDS: dict[str, str] = {
    "accepted": N_("accepted"),
    "unchanged": N_("the same as the last one"),
    "quarantined": N_("in quarantine; changed nothing"),
    "refused": N_("refused; changed nothing"),
    "released": N_("released; taken at the next run"),
    "superseded": N_("replaced by a newer file"),
}
_NAMED = re.compile(r"#(\S+)|^private channel '(.*?)':")
"""Where a connector's detail, an English sentence, holds the group's name."""


class Unread(Protocol):
    """A gap, stored or just found: which group, and the connector's own words."""

    @property
    def group_id(self) -> str | None: ...
    @property
    def detail(self) -> str: ...


def worded(table: dict[str, str], key: str, t: Translator) -> str:
    """Say a key in words; a key nobody knows is shown as it is, not hidden."""
    return t.text(table[key]) if key in table else key


def gap_group(gap: Unread) -> str:
    """Name the group of a gap, by its id where no name is known; empty where it speaks of no single group."""
    named = _NAMED.search(gap.detail or "") if gap.group_id else None
    return str((named and (named[1] or named[2])) or gap.group_id or "")


def orphan_text(why: str, t: Translator) -> str:
    """Say why nobody takes a group over."""
    return t.text(REFUSALS[Refusal.CREATOR]) if why == Refusal.CREATOR else why_text(why, t)
