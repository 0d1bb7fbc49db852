"""No cell of a CSV can act as a formula in a spreadsheet, and ordinary text is left as it is."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.spreadsheet import csv_lines, safe_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\tAna", "'\tAna"),
        ("\rAna", "'\rAna"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u202e=1", "'\u202e=1"),
        ("\n=1", "'\n'=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A", "'＠A"),
        ('=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'),
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
        ("first\n=2", "first\n'=2"),
        ("'=1", "'=1"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Ana",
        "1",
        "a=b",
        "2026-11-21T15:00:00.000000Z",
        "المبيعات",
        '{"attempt":-1}',
        "C0123",
        "a@b.c",
        "x - y",
    ],
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


RUN = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@given(st.text(alphabet=st.sampled_from(" \t\r\n;,\"'=+-@＝＠a\u00a0\u200b"), max_size=8))
def test_no_cell_begins_with_what_runs_however_its_separator_is_read(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("\t", "\r"))
    assert not cell.lstrip(" \t\r\n\u00a0\u200b").startswith(RUN)
    for part in re.split("[;\t\r\n]", cell):
        assert not part.lstrip(" \u00a0\u200b").startswith(RUN)


@given(st.lists(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=2), min_size=1))
def test_a_reader_gets_back_every_cell(rows: list[list[str]]) -> None:
    text = csv_lines(rows).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        [safe_cell(cell) for cell in row] for row in rows
    ]


def test_lines_end_as_excel_ends_them_and_nothing_is_an_empty_cell() -> None:
    assert csv_lines([["a", None, 1], ['x "y"', "b,c", ""]]) == b'a,,1\r\n"x ""y""","b,c",\r\n'
