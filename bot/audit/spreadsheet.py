"""CSV that a spreadsheet opens as text: no cell can act as a formula, and Arabic survives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

BOM: Final = b"\xef\xbb\xbf"
"""Without it Excel reads UTF-8 as the machine's old code page."""

_RUNS: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b]"
_BLANK: Final = r" \u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff\x00-\x08\x0b\x0c\x0e-\x1f"
_STARTS: Final = re.compile(rf"[\t\r]|[{_BLANK}\n\t\r]*{_RUNS}")
_STARTS_WITHIN: Final = re.compile(rf"([;\t\r\n])(?=[{_BLANK}]*{_RUNS})")


def safe_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    These are `= + - @`, tab and carriage return, their full-width and small forms, also after white space or
    invisible characters, and inside the text where a spreadsheet that separates by `;`, tab or line starts
    one (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    safe = _STARTS_WITHIN.sub(r"\1'", text)
    return f"'{safe}" if _STARTS.match(text) else safe


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Spell rows as RFC 4180 lines in UTF-8, each cell made safe; None is an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows(["" if cell is None else safe_cell(str(cell)) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "replace")
