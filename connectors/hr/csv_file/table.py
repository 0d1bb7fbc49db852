"""A file as rows, whatever its format: the header first, then records, each with the line it begins on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from .cells import Cell


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file; `line` is where it begins, from 1 (in a workbook, the row)."""

    line: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """An open file; `rows` yields the header and then every record, and closes the file at the end."""

    rows: Generator[Row, None, None]
    encoding: str
    delimiter: str
    ends_with_newline: bool = True
