"""CSV as rows: delimiter found from the header, quotes held to the rules, no line without bound."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import NoReturn, TextIO

from .columns import recognised
from .complaints import Complaints
from .encodings import encoding_of
from .manifest import manifest
from .table import Row, Table

MAX_LINE = 1 << 20
"""Characters; a longer line is no export, and would have to be held in memory."""


class LineTooLong(Exception):
    """A line beyond `MAX_LINE`."""


def open_text(
    path: Path,
    encoding: str | None,
    delimiter: str | None,
    wanted: Mapping[str, str],
    complaints: Complaints,
) -> Table:
    """Open a text file as a table; raise BadFeed where it is not one."""
    codec, ends_with_newline = encoding_of(path, encoding, complaints)
    said = _said_by_excel(path, codec)
    mark = delimiter or said or _found(path, codec, wanted)
    rows = _rows(path, codec, mark, complaints, skip=said is not None)
    return Table(rows, codec, mark, ends_with_newline)


def _said_by_excel(path: Path, codec: str) -> str | None:
    """Give the delimiter of Excel's own first line `sep=;`, where there is one."""
    with path.open(encoding=codec, newline="") as stream:
        first = stream.readline(16).strip('\ufeff\r\n "')
    if first.casefold().startswith("sep=") and len(first) == 5 and first[4] in manifest()["delimiters"]:
        return first[4]
    return None


def _found(path: Path, codec: str, wanted: Mapping[str, str]) -> str:
    """Give the delimiter under which the header has most known names, then most cells."""

    def score(mark: str) -> tuple[int, int]:
        cells = _first_record(path, codec, mark)
        return recognised(cells, wanted), len(cells)

    marks: list[str] = manifest()["delimiters"]
    return max(marks, key=score)


def _first_record(path: Path, codec: str, mark: str) -> list[str]:
    with path.open(encoding=codec, newline="") as stream:
        try:
            return next((cells for cells in csv.reader(_lines(stream), delimiter=mark) if cells), [])
        except (csv.Error, LineTooLong):
            return []


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise LineTooLong
        yield line


def _rows(
    path: Path, codec: str, mark: str, complaints: Complaints, *, skip: bool
) -> Generator[Row, None, None]:
    with path.open(encoding=codec, newline="") as stream:
        reader = csv.reader(_lines(stream), delimiter=mark, strict=True)
        if skip:
            next(reader)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                _refuse_quote(error, line, complaints)
            except LineTooLong:
                complaints.refuse(
                    "line_too_long",
                    f"A line is longer than {MAX_LINE} characters.",
                    "Export one person per line.",
                    line=line,
                )
            if cells is None:
                return
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield Row(line, cells)


def _refuse_quote(error: csv.Error, line: int, complaints: Complaints) -> NoReturn:
    if "unexpected end" in str(error) or "field larger" in str(error):
        complaints.refuse(
            "unclosed_quote",
            "A quote is opened in the record that begins here and never closed; the file may be cut off.",
            'Close it, write quotes inside a cell twice (""), or deliver the file again.',
            line=line,
        )
    complaints.refuse(
        "bad_quote", f"The quotes in the record that begins here are broken ({error}).",
        'Write quotes inside a cell twice ("").', line=line,
    )  # fmt: skip
