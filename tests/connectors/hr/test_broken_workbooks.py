"""Broken workbooks: what a spreadsheet hides is refused at its row and column; and nothing is staged."""
# ruff: noqa: E501 — a table reads best with one case to a line.

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from connectors.errors import Complaint
from tests.connectors.hr.workbench import Drop

SHEET = "xl/worksheets/sheet1.xml"
HEAD = ("employee_id", "name", "status", "department", "last_day")


def workbook(change: Callable[[Worksheet], object] = lambda _: None) -> bytes:
    """Give a sound workbook of two people, changed."""
    book = Workbook()
    sheet = book.worksheets[0]
    for cells in (HEAD, ("E1", "Ana", "active", "Sales", None), ("E2", "Ben", "active", "Sales", None)):
        sheet.append(cells)
    change(sheet)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def repacked(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Give a workbook with bytes of one part replaced."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, content.replace(old, new) if name == part else content)
    return target.getvalue()


def damaged(data: bytes) -> bytes:
    """Give a workbook with some bytes in the middle of its sheet turned over."""
    at = data.index(b"sheet1.xml") + 60
    return data[:at] + bytes(255 - byte for byte in data[at : at + 20]) + data[at + 20 :]


def put(cell: str, value: str | float | date | None) -> Callable[[Worksheet], object]:
    return lambda sheet: sheet.__setitem__(cell, value)


def far(cell: str) -> bytes:
    """Give a workbook whose third row begins with a cell written by hand."""
    return repacked(workbook(put("A3", None)), SHEET, b'<row r="3">', f'<row r="3">{cell}'.encode())


CASES = [
    ("an error cell", workbook(put("D3", "#N/A")), "formula_error", 3, 4),
    ("a formula never worked out", workbook(put("D3", "=A1&A2")), "formula_error", 3, 4),
    ("an id with a fraction", workbook(put("A3", 19002.5)), "number_for_text", 3, 1),
    ("an id of eighteen digits", workbook(put("A3", 123456789012345678)), "mangled_id", 3, 1),
    ("an id that became a date", workbook(put("A3", date(2026, 3, 4))), "date_for_text", 3, 1),
    ("a team that became a date", workbook(put("D3", date(2026, 3, 1))), "date_for_text", 3, 4),
    ("a day left as a number", workbook(put("E3", 46346)), "bad_date", 3, 5),
    ("a time without a zone", workbook(put("E3", datetime(2026, 11, 20, 18, 0))), "naive_instant", 3, 5),  # noqa: DTZ001 - that is the point
    ("an ambiguous day as text", workbook(put("E3", "03/04/2026")), "ambiguous_date", 3, 5),
    ("merged departments", workbook(lambda sheet: sheet.merge_cells("D2:D3")), "merged_cells", 2, 4),
    ("a merged header", workbook(lambda sheet: sheet.merge_cells("A1:B1")), "merged_cells", 1, 1),
    ("a blank header", workbook(put("D1", None)), "blank_header", 1, 4),
    ("a note beside the table", workbook(put("G3", "check!")), "long_row", 3, 6),
    ("a cell at the far end", workbook(put("XFD1048576", "x")), "sheet_too_large", None, None),
    ("a far cell behind a >", far('<c x="&#62;>" r="XFD1048576"><v>1</v></c>'), "sheet_too_large", None, None),
    ("a far cell of another prefix", far('<é:c xmlns:é="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="XFD1048576"><é:v>1</é:v></é:c>'), "sheet_too_large", None, None),
    ("a cell nowhere", far('<c r="A0x1"><v>1</v></c>'), "bad_workbook", None, None),
    ("an id without end", far('<c r="A3"><v>1e999</v></c>'), "number_for_text", 3, 1),
    ("an id that is no number", far('<c r="A3"><v>NaN</v></c>'), "number_for_text", 3, 1),
    ("a document type", repacked(workbook(), "xl/worksheets/sheet1.xml", b"<worksheet", b"<!DOCTYPE worksheet><worksheet"), "bad_workbook", None, None),
    ("an empty sheet", workbook(lambda sheet: sheet.delete_rows(1, 3)), "empty_file", 1, None),
    ("a cut workbook", workbook()[:-40], "wrong_kind", 1, None),
    ("a damaged workbook", damaged(workbook()), "bad_workbook", None, None),
    ("a sheet that is no XML", repacked(workbook(), "xl/worksheets/sheet1.xml", b"</row>", b"<row>"), "bad_workbook", None, None),
    ("a sheet that breaks off", repacked(workbook(), "xl/worksheets/sheet1.xml", b"</sheetData>", b"<row r=\"4\">"), "bad_workbook", None, None),
    ("a sheet in UTF-16", repacked(workbook(), "xl/worksheets/sheet1.xml", b"<sheetData>", b"\0<sheetData>"), "bad_workbook", None, None),
    ("sheets that lead nowhere", repacked(workbook(), "xl/_rels/workbook.xml.rels", b"worksheet", b"nowhere"), "bad_workbook", None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "line", "column"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_a_broken_workbook_is_refused_at_its_place_and_nothing_is_staged(
    data: bytes, code: str, line: int | None, column: int | None, tmp_path: Path
) -> None:
    complaints = await Drop(tmp_path).refused(data, "hr.xlsx")

    assert _place(complaints[0]) == (code, line, column)
    assert complaints[0].remedy


async def test_a_cell_of_many_attributes_takes_no_longer_than_others(tmp_path: Path) -> None:
    attributes = " ".join(f'a{n}.r="A1"' for n in range(20_000))
    began = time.process_time()
    _, staff = await Drop(tmp_path).read(far(f'<c {attributes} r="A3"><v>7</v></c>'), "hr.xlsx")

    assert [person.id for person in staff] == ["7", "E1"]
    assert time.process_time() - began < 5


async def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    bomb = repacked(
        workbook(), "xl/worksheets/sheet1.xml", b"<sheetData>", b" " * 30_000_000 + b"<sheetData>"
    )
    assert len(bomb) < 100_000

    complaints = await Drop(tmp_path, max_bytes=20_000_000).refused(bomb, "hr.xlsx")

    assert _place(complaints[0]) == ("unpacks_too_large", None, None)


async def test_a_workbook_under_csv_is_named(tmp_path: Path) -> None:
    (complaint,) = await Drop(tmp_path).refused(workbook(), "hr.csv")

    assert "XLSX workbook" in complaint.message


async def test_a_missing_sheet_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    (complaint,) = await Drop(tmp_path, sheet="Staff").refused(workbook(), "hr.xlsx")

    assert complaint.code == "missing_sheet"
    assert "Sheet" in complaint.remedy


async def test_places_count_from_the_sheet_where_the_table_stands_further_in(tmp_path: Path) -> None:
    def shift(sheet: Worksheet) -> None:
        sheet["C3"] = "gone"
        sheet.insert_rows(1, 2)
        sheet.insert_cols(1)

    complaints = await Drop(tmp_path).refused(workbook(shift), "hr.xlsx")

    assert _place(complaints[0]) == ("unknown_status", 5, 4)


def _place(complaint: Complaint) -> tuple[str, int | None, int | None]:
    return complaint.code, complaint.line, complaint.column
