"""Broken exports, each by name: what is said of it, at which line and column; and nothing is staged."""

# ruff: noqa: E501 — a table reads best with one case to a line.

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.hr.workbench import DELTA, Drop

HEAD = "employee_id,name,status,department,last_day,time_zone\n"
GOOD = "E1,Ana,active,Sales,,\n"
ARABIC = "الرقم الوظيفي,الاسم,الحالة\n١,أحمد,نشط\n"


@dataclass(frozen=True)
class Broken:
    """One export, and the complaint it must bring."""

    name: str
    data: str | bytes
    code: str
    line: int | None
    column: int | None
    file: str = "hr.csv"
    settings: Mapping[str, Any] = field(default_factory=dict)


def row(**cells: str) -> str:
    """Give the export whose second person (line 3) has these cells."""
    person = {"id": "E2", "name": "Ben", "status": "active", "dept": "Sales", "day": "", "tz": "", **cells}
    return HEAD + GOOD + ",".join(person.values()) + "\n"


CASES = [
    # What is not an export at all
    Broken("an empty file", "", "empty_file", 1, None),
    Broken("a file of blank lines", "\n \n\n", "empty_file", 1, None),
    Broken("a login page", "<!DOCTYPE html><html><body>Sign in</body></html>", "wrong_kind", 1, None),
    Broken("a login page in UTF-16", "<html><body>Sign in".encode("utf-16"), "wrong_kind", 1, None),
    Broken("a table saved as a web page", "\ufeff\n<table><tr><td>E1", "wrong_kind", 1, None),
    Broken("an error in JSON", '{"error": "token expired"}', "wrong_kind", 1, None),
    Broken("a list in JSON", '[{"employee_id": "E1"}]', "wrong_kind", 1, None),
    Broken("a PDF", b"%PDF-1.7\n%\xe2\xe3", "wrong_kind", 1, None),
    Broken("a gzip archive", gzip.compress(HEAD.encode()), "wrong_kind", 1, None),
    Broken("a ZIP archive that is cut off", b"PK\x03\x04\x14\x00", "wrong_kind", 1, None),
    Broken("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "wrong_kind", 1, None, "hr.xlsx"),
    Broken("plain text under .xlsx", HEAD + GOOD, "wrong_kind", 1, None, "hr.xlsx"),
    # Bytes
    Broken("UTF-16 without its mark", (HEAD + GOOD).encode("utf-16-le"), "nul_byte", 1, 1),
    Broken("UTF-32", HEAD.encode("utf-32"), "bad_encoding", 1, None),
    Broken("a NUL in a line", HEAD + GOOD + "E2,B\0n,active,,,\n", "nul_byte", 3, 2),
    Broken("a Latin-1 name", (HEAD + "E1,Jörg Nuñez,active,,,\n").encode("cp1252"), "bad_encoding", 2, 2),
    Broken("Arabic in ISO 8859-6", (HEAD + "E1,علي,active,,,\n").encode("iso8859-6"), "bad_encoding", 2, 2),
    Broken("one bad byte in Arabic UTF-8", (ARABIC * 3).encode().replace(b",\xd8\xa3", b",\xff\xa3", 1), "bad_encoding", 2, 2),
    Broken("cut inside a letter", ARABIC.encode()[:-2], "truncated", 2, 3),
    Broken("UTF-16 cut inside a letter", (HEAD + GOOD).encode("utf-16")[:-1], "truncated", 2, 6),
    Broken("UTF-8 where Windows-1256 is set", ARABIC, "encoding_mismatch", 1, None, settings={"encoding": "cp1256"}),
    Broken("UTF-16 where UTF-8 is set", HEAD.encode("utf-16"), "encoding_mismatch", 1, None, settings={"encoding": "utf-8"}),
    Broken("Windows-1256 where UTF-8 is set", ARABIC.replace("١", "1").encode("cp1256"), "bad_encoding", 1, 1, settings={"encoding": "utf-8"}),
    Broken("no mark where UTF-16 is set", HEAD, "encoding_mismatch", 1, None, settings={"encoding": "utf-16"}),
    Broken("letters lost as question marks", row(name="???? ????"), "lost_letters", 3, 2),
    Broken("a replacement character", row(name="J\ufffdrg"), "lost_letters", 3, 2),
    Broken("a control character in a name", row(name="Be\x07n"), "control_character", 3, 2),
    # Lines
    Broken("cut inside a record", HEAD + GOOD + "E2,Ben,act", "truncated", 3, 3),
    Broken("cut inside a quote", HEAD + GOOD + 'E2,"Ben,active\nE3,Eve,active,,,\n', "unclosed_quote", 3, None),
    Broken("a quote that closes too early", HEAD + 'E1,"Ana "A" B",active,,,\n', "bad_quote", 2, None),
    Broken("a short row", HEAD + "E1,Ana,active\n" + GOOD, "short_row", 2, 3),
    Broken("a short last row", HEAD + GOOD + "E2,Ben,active\n", "short_row", 3, 3),
    Broken("a long row", HEAD + "E1,Ana, PhD,active,Sales,,\n", "long_row", 2, 7),
    Broken("a row of commas", HEAD + GOOD + ",,,,,\n", "empty_row", 3, 1),
    Broken("a total at the end", HEAD + GOOD + "Total,1\n", "short_row", 3, 2),
    Broken("a line without end", HEAD + "E1," + "x" * (1 << 20) + ",active,,,\n", "line_too_long", 2, None),
    Broken("a cell without end", row(name="x" * 301), "too_long", 3, 2),
    Broken("a short row after a quoted line break", HEAD + 'E1,"Ana\nB",active,,,\nE2,Ben\n', "short_row", 4, 2),
    # Headers
    Broken("no status column", "employee_id,name\nE1,Ana\n", "missing_column", 1, None),
    Broken("no name column", "employee_id,status\nE1,active\n", "missing_column", 1, None),
    Broken("half a name", "employee_id,first_name,status\nE1,Ana,active\n", "missing_column", 1, None),
    Broken("two columns of one name", "employee_id,name,status,Name\nE1,Ana,active,B\n", "duplicate_column", 1, 4),
    Broken("two names of one field", "employee_id,name,status,الحالة\nE1,Ana,active,x\n", "duplicate_column", 1, 4),
    Broken("a column without a name", "employee_id,,name,status\nE1,,Ana,active\n", "blank_header", 1, 2),
    Broken("a title above the header", "Staff list\n" + HEAD + GOOD, "missing_column", 1, None),
    Broken("a mapped column that is not there", HEAD + GOOD, "missing_column", 1, None, settings={"columns": {"team": "Squad"}}),
    Broken("more columns than any export", ",".join(f"c{n}" for n in range(501)) + "\n", "too_many_columns", 1, None),
    # Ids
    Broken("a blank id", row(id=" \u200f"), "blank_id", 3, 1),
    Broken("an id twice", HEAD + GOOD + GOOD, "duplicate_id", 3, 1),
    Broken("an id twice but for case", row(id="e1"), "look_alike_id", 3, 1),
    Broken("an id twice but for zeros", HEAD + "17,Ana,active,,,\n0017,Ben,active,,,\n", "look_alike_id", 3, 1),
    Broken("an id twice but for its digits", HEAD + "17,Ana,active,,,\n١٧,Ben,active,,,\n", "look_alike_id", 3, 1),
    Broken("an id twice but for a space", HEAD + "E 1,Ana,active,,,\nE1,Ben,active,,,\n", "look_alike_id", 3, 1),
    Broken("an id shortened by a spreadsheet", row(id="1.9002E+11"), "mangled_id", 3, 1),
    Broken("an id that says null", row(id="NULL"), "placeholder_id", 3, 1),
    Broken("an id with a line break", row(id='"E\n2"'), "control_character", 3, 1),
    # Cells
    Broken("a blank name", row(name="  "), "blank_name", 3, 2),
    Broken("a blank status", row(status=""), "blank_status", 3, 3),
    Broken("an unknown status", row(status="inactive"), "unknown_status", 3, 3),
    Broken("a formula that failed", row(dept="#N/A"), "formula_error", 3, 4),
    Broken("a date of two meanings", row(day="03/04/2026"), "ambiguous_date", 3, 5),
    Broken("a date of one meaning, format unset", row(day="25/12/2026"), "unconfigured_date", 3, 5),
    Broken("a day that is not", row(day="2026-02-30"), "bad_date", 3, 5),
    Broken("a day as a serial number", row(day="46346"), "bad_date", 3, 5),
    Broken("a Hijri date", row(day="1448-05-12"), "date_out_of_range", 3, 5),
    Broken("a date at the end of time", row(day="9999-12-31"), "date_out_of_range", 3, 5),
    Broken("a time without a zone", row(day="2026-11-20T18:00"), "naive_instant", 3, 5),
    Broken("midnight, day or moment", row(day="2026-11-20 00:00:00", tz="Asia/Riyadh"), "midnight", 3, 5),
    Broken("a time the clocks skip", row(day="2026-03-29 02:30", tz="Europe/Berlin"), "clock_change", 3, 5),
    Broken("a time the clocks repeat", row(day="2026-10-25 02:30", tz="Europe/Berlin"), "clock_change", 3, 5),
    Broken("a time of 25 hours", row(day="2026-11-20 25:00+03:00"), "bad_time", 3, 5),
    Broken("a zone that is none", row(tz="Asia/Ryadh"), "unknown_time_zone", 3, 6),
    Broken("a deleted row", "employee_id,name,status,action\nE1,Ana,active,delete\n", "delete_row", 2, 4, settings={"mode": DELTA}),
    Broken("an unknown action", "employee_id,name,status,action\nE1,Ana,active,merge\n", "unknown_action", 2, 4, settings={"mode": DELTA}),
    Broken("a next post without its day", "employee_id,name,status,next_team\nE1,Ana,active,B\n", "change_without_date", 2, 4),
    Broken("a day without its next post", "employee_id,name,status,change_on\nE1,Ana,active,2026-12-01\n", "change_without_post", 2, 4),
    Broken("an address that is none", "employee_id,name,status,email\nE1,Ana,active,n/a\n", "bad_email", 2, 4),
    Broken("a language that is none", "employee_id,name,status,language\nE1,Ana,active,?\n", "unknown_language", 2, 4),
    Broken("more rows than allowed", row(), "too_many_rows", 3, None, settings={"max_rows": 1}),
    Broken("more bytes than allowed", row(), "too_large", None, None, settings={"max_bytes": 60}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_broken_export_is_refused_at_its_place_and_nothing_is_staged(
    case: Broken, tmp_path: Path
) -> None:
    complaints = await Drop(tmp_path, **case.settings).refused(case.data, case.file)

    first = complaints[0]
    assert (first.code, first.line, first.column) == (case.code, case.line, case.column)
    assert first.file == case.file
    assert first.message.endswith(".")
    assert first.remedy, "every complaint says what to do"


async def test_every_complaint_is_collected_in_the_order_of_lines(tmp_path: Path) -> None:
    data = HEAD + "E1,,active,,2026-13-01,Mars\nE2,Ben,gone,,,\nE1,Eve,active,,,\n"

    complaints = await Drop(tmp_path).refused(data)

    assert [(said.code, said.line, said.column) for said in complaints] == [
        ("blank_name", 2, 2),
        ("bad_date", 2, 5),
        ("unknown_time_zone", 2, 6),
        ("unknown_status", 3, 3),
    ]


async def test_two_hundred_complaints_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    data = HEAD + "".join(f"E{n},Ana,gone,,,\n" for n in range(250))

    complaints = await Drop(tmp_path).refused(data)

    assert len(complaints) == 201
    assert complaints[-1].code == "more"
    assert complaints[-1].message.startswith("50 more")


async def test_a_complaint_reads_as_a_place_and_a_remedy(tmp_path: Path) -> None:
    (complaint,) = await Drop(tmp_path).refused(row(tz="asia/riyadh"))

    assert str(complaint) == "hr.csv:3:6: 'asia/riyadh' is not an IANA time zone. Did you mean Asia/Riyadh?"


async def test_a_misspelt_header_brings_a_suggestion(tmp_path: Path) -> None:
    (complaint,) = await Drop(tmp_path).refused("employee_id,name,Sttus\nE1,Ana,active\n")

    assert "Did you mean 'Sttus'?" in complaint.remedy
