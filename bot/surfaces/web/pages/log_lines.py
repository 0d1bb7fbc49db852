"""Words for entries of the log on a page: the sentence, whom it names, and its columns as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from bot.audit.query import Query, Term, spelled
from bot.store.types import instant_text
from bot.surfaces.web.visitor import Visitor
from bot.views.audit import Line
from bot.views.platforms import title_of
from bot.words.entries import entry_text
from bot.words.kinds import QUALITIES, worded
from bot.words.reader import Reader

_SHOWN: Final = (
    "seq",
    "at",
    "actor",
    "action",
    "outcome",
    "subject",
    "case_id",
    "step_id",
    "run_id",
    "instance",
    "platform",
    "group_id",
    "group_name",
    "rule",
    "quality",
    "request_id",
    "before",
    "after",
    "detail",
    "prev_hash",
    "hash",
)
_QUALIFIER: Final = {
    "actor": "actor",
    "action": "action",
    "outcome": "outcome",
    "subject": "person",
    "case_id": "case",
    "step_id": "step",
    "run_id": "run",
    "instance": "instance",
    "platform": "platform",
    "group_id": "group",
    "rule": "rule",
    "quality": "quality",
    "request_id": "request",
}
"""Columns that a search can ask for, and by which qualifier."""


class LogWords:
    """The sentences of a page of entries, for one reader."""

    def __init__(self, v: Visitor) -> None:
        self.reader = Reader(v.t, v.who.zone)
        self.t = v.t
        self._app = v.app

    def sentence(self, line: Line) -> str:
        """Say an entry in one sentence, names in place of ids."""
        actor, instance = line.row["actor"], line.row["instance"]
        named = f"person:{line.actor}" if actor.startswith("person:") else actor
        where = title_of(self._app, instance) if instance else None
        row = {**line.row, "actor": named, "group_name": line.group or None, "instance": where}
        return entry_text(row, line.person or line.row["subject"] or "", self.reader)

    def by(self, line: Line) -> str:
        """Name whoever did it; empty for Bawab itself."""
        return "" if line.row["actor"] == "bawab" else line.actor

    def days(self, lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
        """Give the entries by their day in the reader's zone."""
        zone = ZoneInfo(self.reader.zone)
        days = groupby(lines, lambda line: line.row["at"].astimezone(zone).date())
        return [(self.t.day(day), list(mine)) for day, mine in days]

    def quality(self, line: Line) -> str:
        """Say how good the evidence is; empty where there is none yet."""
        key = line.row["quality"]
        return worded(QUALITIES, key, self.t) if key and key != "unknown" else ""

    def about(self, line: Line) -> str:
        """Give the search for everything about the same person."""
        return spelled(Query((Term("person", line.person_id or ""),)))

    def proof(self, line: Line) -> str:
        """Give the address of the proof about the same case, or else the same person."""
        case = line.row["case_id"]
        return "/audit/proof?" + urlencode({"case": case} if case else {"person": line.person_id or ""})

    def columns(self, line: Line) -> Iterator[tuple[str, str, str]]:
        """Give the columns that hold something: name, value as stored, and the search for the same."""
        for name in _SHOWN:
            value = line.row[name]
            if value is not None:
                yield name, _stored(value), _search(name, value)


def _stored(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if hasattr(value, "tzinfo"):
        return instant_text(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _search(name: str, value: Any) -> str:
    return spelled(Query((Term(_QUALIFIER[name], str(value)),))) if name in _QUALIFIER else ""
