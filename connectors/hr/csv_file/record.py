"""One row is read cell by cell: a Person, or complaints at their places."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.hr.contract import FeedMode
from policies.model import Person

from .cells import Cell, identifier, is_blank, text
from .columns import Columns
from .complaints import CellProblem, Complaints
from .config import ACCOUNT, CsvFileConfig
from .dates import DateReader
from .person import assemble, gaps
from .table import Row
from .words import Words
from .zones import zone

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.ASCII)
_LANGUAGES = {"english": "en", "arabic": "ar", "الإنجليزية": "en", "العربية": "ar"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_TEXTS = ("name", "first_name", "last_name", "department", "team", "location", "phone")
_IDS = ("employee_id", "manager_id", "next_manager_id")
_MOMENTS = ("last_day", "change_on", "as_of")


class RecordReader:
    """Reads rows under one header; what is wrong goes to `complaints`."""

    def __init__(self, config: CsvFileConfig, columns: Columns, complaints: Complaints) -> None:
        self._place = columns.place
        self._complaints = complaints
        self._dates = DateReader(config.date_format)
        parsers = _parsers(config)
        self._plan = [
            (field, index, identifier if field.startswith(ACCOUNT) else parsers[field])
            for field, index in columns.place.items()
            if field.startswith(ACCOUNT) or field in parsers
        ]
        self._moments = [(field, columns.place[field]) for field in _MOMENTS if field in columns.place]
        self.as_of: datetime | None = None
        """The latest moment the `as_of` column has named so far."""

    def read(self, row: Row) -> Person | None:
        """Give the person of a row; None where it complained, or where a delta row says `none`."""
        values: dict[str, Any] = {}
        bad = self._cells(row, values) | self._dates_of(row, values)
        for field, problem in gaps(values, self._place):
            if field not in bad:
                bad |= self._complain(row, field, problem)
        if bad or values.get("action") == "none":
            return None
        self._note_as_of(values.get("as_of"))
        return assemble(values)

    def _cells(self, row: Row, values: dict[str, Any]) -> set[str]:
        bad: set[str] = set()
        for field, index, parse in self._plan:
            cell = row.cells[index]
            if cell == "" or is_blank(cell):
                continue
            try:
                values[field] = parse(cell)
            except CellProblem as problem:
                bad |= self._complain(row, field, problem)
        return bad

    def _dates_of(self, row: Row, values: dict[str, Any]) -> set[str]:
        """Read the dates, after the rest: they need the row's time zone."""
        bad: set[str] = set()
        for field, index in self._moments:
            cell = row.cells[index]
            if cell == "" or is_blank(cell):
                continue
            try:
                values[field] = self._dates.moment(cell, values.get("time_zone"))
            except CellProblem as problem:
                bad |= self._complain(row, field, problem)
        return bad

    def _complain(self, row: Row, field: str, problem: CellProblem) -> set[str]:
        self._complaints.cell(problem, row.line, self._place[field] + 1)
        return {field}

    def _note_as_of(self, when: date | datetime | None) -> None:
        if when is None:
            return
        at = when if isinstance(when, datetime) else datetime.combine(when, time(), UTC)
        self.as_of = max(self.as_of, at) if self.as_of else at


def _parsers(config: CsvFileConfig) -> dict[str, Callable[[Cell], Any]]:
    """Give how each field is read; `action` means something in a delta only."""
    parsers: dict[str, Callable[[Cell], Any]] = {
        **dict.fromkeys(_TEXTS, text),
        **{f"next_{field}": text for field in ("department", "team", "location")},
        **dict.fromkeys(_IDS, identifier),
        "email": _email,
        "language": _language,
        "time_zone": lambda cell: zone(text(cell)),
        "status": Words("status", "Map it in status_values of this source.", config.status_values).read,
        "exit_type": Words("exit_type", "Map it in exit_types of this source.", config.exit_types).read,
        "employment": Words("employment", "Map it in employments of this source.", config.employments).read,
    }
    if config.mode is FeedMode.DELTA:
        parsers["action"] = _action
    return parsers


def _email(cell: Cell) -> str:
    address = text(cell)
    if not _ADDRESS.fullmatch(address):
        raise CellProblem(
            "bad_email", f"{address!r} is not an e-mail address.", "Correct it or leave the cell empty."
        )
    return address


def _language(cell: Cell) -> str:
    written = text(cell).casefold()
    tag = _LANGUAGES.get(written, written.replace("_", "-"))
    if not _LANGUAGE.fullmatch(tag):
        raise CellProblem(
            "unknown_language", f"{written!r} is not a language tag.", "Write en, ar or another tag."
        )
    return tag


_ACTIONS = Words("action", "Write upsert, or none where nothing changed.", {})


def _action(cell: Cell) -> str:
    action = _ACTIONS.read(cell)
    if action == "delete":
        raise CellProblem(
            "delete_row",
            "A deleted row does not say that somebody left.",
            "Send the person with action upsert and status terminated.",
        )
    return action
