"""XLSX as rows, by calamine: row numbers are lines, the sheet's columns are columns."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import python_calamine as calamine

from .cells import Cell, is_blank
from .complaints import Complaints
from .sheet_scan import measure, scan_sheet
from .table import Row, Table


def open_sheet(path: Path, sheet: str | None, max_bytes: int, complaints: Complaints) -> Table:
    """Open one sheet of a workbook as a table; raise BadFeed where it cannot be trusted."""
    measure(path, max_bytes, complaints)
    try:
        with calamine.load_workbook(path) as workbook:
            names = workbook.sheet_names
    except (calamine.CalamineError, OSError) as error:
        complaints.refuse(
            "bad_workbook", f"The workbook cannot be read: {error}.", "Save and deliver it again."
        )
    wanted = names[0] if sheet is None and names else sheet
    if wanted not in names:
        complaints.refuse(
            "missing_sheet", f"There is no sheet {sheet!r}.", f"Its sheets are {', '.join(names) or 'none'}."
        )
    scan_sheet(path, names.index(wanted), complaints)
    return Table(_rows(path, wanted, complaints), "xlsx", "")


def _rows(path: Path, name: str, complaints: Complaints) -> Generator[Row, None, None]:
    try:
        with calamine.load_workbook(path) as workbook:
            sheet = workbook.get_sheet_by_name(name)
            _complain_of_merged(sheet, complaints)
            complaints.first_column = sheet.start[1] if sheet.start else 0
            width = 0
            for line, cells in enumerate(sheet.iter_rows(), start=1):
                _trim(cells, width)
                if cells and not all(map(is_blank, cells)):
                    width = width or len(cells)
                    yield Row(line, cells)
    except calamine.CalamineError as error:
        complaints.refuse("bad_workbook", f"The sheet cannot be read: {error}.", "Save and deliver it again.")


def _trim(cells: list[Cell], width: int) -> None:
    """Take blank cells off the end, as far as the header reaches: calamine gives whole rectangles."""
    while len(cells) > width and is_blank(cells[-1]):
        cells.pop()


def _complain_of_merged(sheet: calamine.CalamineSheet, complaints: Complaints) -> None:
    """A merged cell says its value once and leaves the others empty, which reads as "no department"."""
    for (top, left), _ in sheet.merged_cell_ranges or ():
        complaints.add(
            "merged_cells", "Cells are merged here; only the first of them holds the value.",
            "Unmerge them and fill each one.", line=top + 1, column=left + 1,
        )  # fmt: skip
