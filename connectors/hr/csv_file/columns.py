"""From a header line to columns: which cell of a row fills which field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from .cells import Cell, is_blank, text
from .complaints import CellProblem, Complaints
from .config import ACCOUNT
from .manifest import fold, known_headers, manifest

MAX_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class Columns:
    """The header as written (trimmed), and the place of every field in it, counted from 0."""

    header: tuple[str, ...]
    place: Mapping[str, int]
    """`account:<instance>` is a field like any other."""


def resolve(cells: Sequence[Cell], line: int, wanted: Mapping[str, str], complaints: Complaints) -> Columns:
    """Match a header line with our fields; every defect becomes a complaint.

    `wanted` is the mapping of the source, our field → their header; it takes the place of our own names.
    """
    header = _clean(cells, line, complaints)
    theirs = {fold(name): field for field, name in wanted.items()}
    fields = [_field(name, theirs, wanted) for name in header]
    _refuse_doubles(header, fields, line, complaints)
    place = {field: index for index, field in enumerate(fields) if field is not None}
    spare = [name for name, field in zip(header, fields, strict=True) if field is None and name]
    for field, name in wanted.items():
        if field not in place:
            _missing(field, [name], spare, line, complaints)
    for field, names in _required(place, wanted):
        _missing(field, names, spare, line, complaints)
    return Columns(header, place)


def recognised(cells: Sequence[str], wanted: Mapping[str, str]) -> int:
    """Count the cells that are headers of ours or of the mapping: how delimiters are told apart."""
    known = known_headers().keys() | {fold(name) for name in wanted.values()}
    return sum(fold(cell) in known for cell in cells)


def _clean(cells: Sequence[Cell], line: int, complaints: Complaints) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        complaints.refuse(
            "too_many_columns",
            f"There are {len(cells)} columns; {MAX_COLUMNS} is the most.",
            "Export fewer columns.",
            line=line,
        )
    names = []
    for column, cell in enumerate(cells, start=1):
        names.append(_name(cell, line, column, complaints))
    return tuple(names)


def _name(cell: Cell, line: int, column: int, complaints: Complaints) -> str:
    if is_blank(cell):
        complaints.add(
            "blank_header", "A column has no name.", "Name it or take it out.", line=line, column=column
        )
        return ""
    try:
        return text(cell)
    except CellProblem as problem:
        complaints.cell(problem, line, column)
        return ""


def _field(name: str, theirs: Mapping[str, str], wanted: Mapping[str, str]) -> str | None:
    if fold(name) in theirs:
        return theirs[fold(name)]
    if name.casefold().startswith(ACCOUNT) and name[len(ACCOUNT) :].strip():
        field: str | None = ACCOUNT + name[len(ACCOUNT) :].strip()
    else:
        field = known_headers().get(fold(name))
    return None if field in wanted else field


def _refuse_doubles(
    header: Sequence[str], fields: Sequence[str | None], line: int, complaints: Complaints
) -> None:
    names = [fold(name) for name in header]
    named, meant = Counter(name for name in names if name), Counter(field for field in fields if field)
    for index, (name, field) in enumerate(zip(names, fields, strict=True)):
        twice = named[name] > 1 and name in names[:index]
        if twice or (field is not None and meant[field] > 1 and field in fields[:index]):
            first = names.index(name) if twice else fields.index(field)
            complaints.add(
                "duplicate_column",
                f"{header[index]!r} means the same as column {first + 1}, {header[first]!r}.",
                "Take one of them out, or name the right one in columns of this source.",
                line=line,
                column=index + 1,
            )


def _required(place: Mapping[str, int], wanted: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    needed = ["employee_id", "status"]
    if "name" not in place and ("first_name" not in place or "last_name" not in place):
        halves = [half for half in ("first_name", "last_name") if half in place]
        needed += [half for half in ("first_name", "last_name") if half not in place] if halves else ["name"]
    about = manifest()["columns"]
    return [
        (field, [*about[field]["en"], *about[field]["ar"]])
        for field in needed
        if field not in place and field not in wanted
    ]


def _missing(
    field: str, names: Sequence[str], spare: Sequence[str], line: int, complaints: Complaints
) -> None:
    by_fold = {fold(name): name for name in spare}
    near = [close for name in names for close in get_close_matches(fold(name), by_fold, n=1)]
    hint = f"Did you mean {by_fold[near[0]]!r}? " if near else ""
    complaints.add(
        "missing_column",
        f"No column is named {' or '.join(repr(name) for name in names[:3])}, for {field}.",
        f"{hint}Name theirs in columns of this source: {field} = their header.",
        line=line,
    )
