"""A workbook looked at before it is parsed: how much it unpacks to, how far it reaches, what calamine hides.

calamine allocates the whole rectangle up to the last cell, so that one cell in XFD1048576 takes 400 GB;
and it gives error cells, such as #N/A, and formulas never worked out, as empty ones.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from xml.parsers import expat

from .columns import MAX_COLUMNS
from .complaints import Complaints

CHUNK = 1 << 20
MAX_CELLS = 10_000_000
_MAX_ROW = 8 << 20
_PREFIX = rb"(?:[\w.-]+:)?"
_REF = rb"""[^>]*?\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']"""
_FILLED = re.compile(rb"<" + _PREFIX + rb"c\b" + _REF + rb"[^>]*(?<!/)>")
_ERROR = re.compile(rb"<" + _PREFIX + rb"c\b(?=[^>]*\bt\s*=\s*[\"']e[\"'])" + _REF)
_UNWORKED = re.compile(
    rb"<" + _PREFIX + rb"c\b(?![^>]*\bt\s*=\s*[\"']str[\"'])" + _REF + rb"[^>]*>\s*<" + _PREFIX + rb"f\b"
    rb"(?:[^>]*/>|[^>]*>[^<]*</" + _PREFIX + rb"f>)\s*"
    rb"(?:<" + _PREFIX + rb"v\s*/>|<" + _PREFIX + rb"v>\s*</|</" + _PREFIX + rb"c>)"
)  # fmt: skip
_ROW_END = re.compile(rb"</" + _PREFIX + rb"row\s*>")
_SHEET = re.compile(rb"<" + _PREFIX + rb"sheet\b([^>]*)>")
_RELATION = re.compile(rb"<" + _PREFIX + rb"Relationship\b([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:.-]+)\s*=\s*[\"']([^\"']*)[\"']")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
_TOO_BIG = "Delete what stands beside the table, or export CSV."


def measure(path: Path, max_bytes: int, complaints: Complaints) -> None:
    """Unpack every part once, to nowhere: declared sizes may lie, checksums may not. Raises BadFeed."""
    with _opened(path, complaints) as archive:
        total = sum(part.file_size for part in archive.infolist())
        if total > max_bytes:
            complaints.refuse(
                "unpacks_too_large",
                f"The workbook unpacks to {total} bytes; {max_bytes} is the most.",
                _TOO_BIG,
            )
        for part in archive.infolist():
            with archive.open(part) as stream:
                while stream.read(CHUNK):
                    pass


def scan_sheet(path: Path, sheet: int, complaints: Complaints) -> None:
    """Complain of every error cell of a sheet (from 0); raise BadFeed where parsing it would be unsafe."""
    with _opened(path, complaints) as archive:
        part = _sheet_part(archive, sheet)
        if part is None:
            complaints.refuse(
                "bad_workbook", "The workbook does not name its sheets.", "Save it again as .xlsx."
            )
        with closing(_rows_of(archive, part, complaints)) as pieces:
            _scan(pieces, complaints)


@contextmanager
def _opened(path: Path, complaints: Complaints) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _BROKEN as error:
        complaints.refuse(
            "bad_workbook", f"The workbook cannot be unpacked: {error}.", "Save and deliver it again."
        )


def _sheet_part(archive: zipfile.ZipFile, sheet: int) -> str | None:
    sheets = [_attributes(found) for found in _SHEET.findall(archive.read("xl/workbook.xml"))]
    if "xl/_rels/workbook.xml.rels" not in archive.namelist() or sheet >= len(sheets):
        return None
    wanted = next((value for name, value in sheets[sheet].items() if name.endswith(":id")), None)
    for found in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        relation = _attributes(found)
        if relation.get("Id") == wanted:
            part = posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
            return part if part in archive.namelist() else None
    return None


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(tag)}


def _rows_of(archive: zipfile.ZipFile, part: str, complaints: Complaints) -> Generator[bytes, None, None]:
    """Yield the sheet's XML in pieces that end where a row ends; expat says whether it is whole."""
    held = b""
    parser = expat.ParserCreate()
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk)
            if b"\0" in chunk:
                complaints.refuse(
                    "bad_workbook", "The sheet is not written in UTF-8.", "Save it again as .xlsx."
                )
            held += chunk
            ends = [found.end() for found in _ROW_END.finditer(held)]
            if ends:
                yield held[: ends[-1]]
                held = held[ends[-1] :]
            elif len(held) > _MAX_ROW:
                complaints.refuse("too_many_columns", "A row of the sheet is too large.", _TOO_BIG)
    parser.Parse(b"", True)
    yield held


def _scan(pieces: Iterator[bytes], complaints: Complaints) -> None:
    rows = columns = 0
    for piece in pieces:
        places = [(int(row), letters) for letters, row in _FILLED.findall(piece)]
        rows = max(rows, max((row for row, _ in places), default=0))
        columns = max(columns, max(map(_column, {letters for _, letters in places}), default=0))
        if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
            complaints.refuse(
                "sheet_too_large",
                f"The sheet reaches {rows} rows by {columns} columns; {MAX_CELLS} cells and "
                f"{MAX_COLUMNS} columns are the most.",
                _TOO_BIG,
            )
        _complain(piece, complaints)


def _complain(piece: bytes, complaints: Complaints) -> None:
    for letters, row in _ERROR.findall(piece):
        complaints.add(
            "formula_error", "The spreadsheet could not work out this cell (#N/A or the like).",
            "Mend the formula.", line=int(row), column=_column(letters),
        )  # fmt: skip
    for letters, row in _UNWORKED.findall(piece):
        complaints.add(
            "formula_error", "The cell holds a formula that was never worked out.",
            "Open the workbook in a spreadsheet, save it, and deliver it again.",
            line=int(row), column=_column(letters),
        )  # fmt: skip


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
