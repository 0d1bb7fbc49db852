"""CSV that a spreadsheet opens as text: no cell can act as a formula, and Arabic survives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

BOM: Final = b"\xef\xbb\xbf"
"""Without it Excel reads UTF-8 as the machine's old code page."""

_SPACE: Final = r"[\s\u0000-\u0020\u00a0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*"
_FORMULA: Final = re.compile(
    # At the start of the cell, or where a spreadsheet that separates by `;`, tab or line would start one.
    rf"(^|[;\t\r\n])({_SPACE})(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b])"
)


def safe_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    These are `= + - @`, tab and carriage return, their full-width and small forms, also after white space or
    invisible characters (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    if text[:1] in {"\t", "\r"}:
        text = f"'{text}"
    return _FORMULA.sub(r"\1'\2", text)


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Spell rows as RFC 4180 lines in UTF-8, each cell made safe; None is an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows(["" if cell is None else safe_cell(str(cell)) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "replace")
