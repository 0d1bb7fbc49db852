"""A workbook looked at before it is parsed: how much it unpacks to, how far it reaches, what calamine hides.

calamine allocates the whole rectangle up to the last cell, so that one cell in XFD1048576 takes 400 GB;
and it gives error cells, such as #N/A, and formulas never worked out, as empty ones.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from .columns import MAX_COLUMNS
from .complaints import Complaints

CHUNK = 1 << 20
MAX_CELLS = 10_000_000
_PREFIX = rb"(?:[\w.-]+:)?"
_ROW = re.compile(r"[0-9]{1,7}")
_REF = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
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
_MEND = "Mend the formula."
_WORK_OUT = "Open the workbook in a spreadsheet, save it, and deliver it again."


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
        _parse(archive, part, _Cells(complaints))


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


def _parse(archive: zipfile.ZipFile, part: str, cells: _Cells) -> None:
    """Read a sheet's XML once; expat says whether it is whole, `cells` hears of everything in it."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = cells.start, cells.end
    parser.CharacterDataHandler = cells.text
    parser.StartDoctypeDeclHandler = cells.doctype
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            if b"\0" in chunk:
                cells.refuse("The sheet is not written in UTF-8.")
            parser.Parse(chunk)
    parser.Parse(b"", True)


class _Cells:
    """Hears a sheet element by element, as a parser reads it: no spelling hides a cell, none takes long."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._type: str | None = None
        self._inside = False
        self._part = ""
        self._held: set[str] = set()
        """What the cell holds: `f` a formula, `v` a value that is not empty, anything else by its name."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._row = self._row_at(attributes.get("r"))
            self._column = 0
        elif local == "c":
            self._inside, self._part, self._held = True, "", set()
            self._type = attributes.get("t")
            self._place(attributes.get("r"))
        elif self._inside:
            self._part = local
            if local != "v":
                self._held.add(local)

    def text(self, data: str) -> None:
        if self._inside and not data.isspace():
            self._held.add(self._part)

    def end(self, name: str) -> None:
        if self._inside and name.rpartition(":")[2] == "c":
            self._inside = False
            if self._held:
                self._reach()
                self._judge()

    def doctype(self, *_: object) -> None:
        self.refuse("The sheet declares a document type, which no workbook does.")

    def refuse(self, message: str) -> NoReturn:
        self._complaints.refuse("bad_workbook", message, "Save it again as .xlsx.")

    def _row_at(self, place: str | None) -> int:
        """A row without a number stands below the one before."""
        return int(place) if place and _ROW.fullmatch(place) else self._row + 1

    def _place(self, ref: str | None) -> None:
        """A cell without a place stands to the right of the one before."""
        if ref is None:
            self._column += 1
            return
        found = _REF.fullmatch(ref)
        if found is None:
            self.refuse(f"A cell stands at {ref[:20]!r}, which is no place in a sheet.")
        self._column, self._row = _column(found[1]), int(found[2])

    def _reach(self) -> None:
        rows = self._last_row = max(self._last_row, self._row)
        columns = self._last_column = max(self._last_column, self._column)
        if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
            self._complaints.refuse(
                "sheet_too_large",
                f"The sheet reaches {rows} rows by {columns} columns; {MAX_CELLS} cells and "
                f"{MAX_COLUMNS} columns are the most.",
                _TOO_BIG,
            )

    def _judge(self) -> None:
        if self._type == "e":
            message, remedy = "The spreadsheet could not work out this cell (#N/A or the like).", _MEND
        elif "f" in self._held and "v" not in self._held and self._type != "str":
            message, remedy = "The cell holds a formula that was never worked out.", _WORK_OUT
        else:
            return
        self._complaints.add("formula_error", message, remedy, line=self._row, column=self._column)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
