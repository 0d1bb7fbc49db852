"""What one cell says, once the dirt that people do not see is off it."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta

from .complaints import CellProblem

Cell = str | float | int | bool | date | datetime | time | timedelta
"""A CSV cell is text; an XLSX cell is what calamine makes of it."""

MAX_TEXT = 300
EXACT = 10**15
"""Excel keeps 15 digits of a number; a longer one has lost its tail."""

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# Marks that steer direction or take no room. ZWNJ and ZWJ stay inside names: Persian and Urdu need them.
_MARKS = dict.fromkeys(
    [0x00AD, 0x061C, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_JOINERS = dict.fromkeys((0x200C, 0x200D))
_SPACES = dict.fromkeys((0x00A0, 0x2007, 0x202F, 0x2028, 0x2029, 0x0085, 0x09, 0x0A, 0x0B, 0x0C, 0x0D), " ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EXCEL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)$", re.ASCII)
_LOST_LETTERS = re.compile(r"\?{2,}([ ?]*\?)?$")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+$", re.ASCII | re.IGNORECASE)
_PLACEHOLDERS = frozenset(("null", "none", "n/a", "na", "nan", "-", "--", "(null)", "(blank)"))


def is_blank(cell: Cell) -> bool:
    """Tell whether nothing is written, invisible marks and spaces apart."""
    if not isinstance(cell, str):
        return False
    return not (cell if cell.isascii() else cell.translate(_MARKS)).strip()


def digits(text: str) -> str:
    """Write Arabic-Indic and Extended Arabic-Indic digits as 0 to 9."""
    return text.translate(_DIGITS)


def text(cell: Cell) -> str:
    """Give a name, department or the like: NFC, invisible marks off, line breaks as spaces, trimmed.

    Raises CellProblem where the cell holds what no export means to say.
    """
    written = _written(cell)
    if not (written.isascii() and written.isprintable()):
        written = unicodedata.normalize(
            "NFC", written.replace("\r\n", "\n").translate(_MARKS).translate(_SPACES)
        )
    return _sound(written.strip())


def identifier(cell: Cell) -> str:
    """Give an id exactly as written, without the spaces and invisible marks around and inside it.

    Raises CellProblem for whatever a spreadsheet has made of it: 1.2E+11, a date, a broken number.
    """
    written = _written(cell)
    if not written.isascii():
        written = written.translate(_MARKS).translate(_JOINERS)
    written = _sound(written.strip())
    if _SHORTENED.search(digits(written)):
        raise CellProblem(
            "mangled_id",
            f"{written!r} is a number that a spreadsheet has shortened; its digits are lost.",
            "Export the column as text.",
        )
    if written.casefold() in _PLACEHOLDERS:
        raise CellProblem(
            "placeholder_id",
            f"{written!r} stands where an id belongs.",
            "Write the id, or leave the cell empty.",
        )
    return written


def look_alike(written: str) -> str:
    """Give what two ids share that people would take for one: digit script, case, leading zeros, spaces."""
    if not written.isascii():
        written = digits(unicodedata.normalize("NFKC", written))
    return "".join(written.casefold().split()).lstrip("0") or "0"


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | int):
        return _number(cell)
    raise CellProblem(
        "date_for_text",
        f"The spreadsheet holds the date or time {cell} where text belongs; it may have been 3-4 or MAR1.",
        "Format the column as text and type it again.",
    )


def _number(cell: float) -> str:
    if not math.isfinite(cell) or cell != int(cell):
        raise CellProblem(
            "number_for_text", f"The number {cell} stands where text belongs.", "Format the column as text."
        )
    if abs(cell) >= EXACT:
        raise CellProblem(
            "mangled_id",
            f"{cell:.0f} has more than 15 digits; the spreadsheet has lost the last ones.",
            "Format the column as text and fill it again.",
        )
    return str(int(cell))


def _sound(written: str) -> str:
    if len(written) > MAX_TEXT:
        raise CellProblem(
            "too_long",
            f"The cell holds {len(written)} characters; {MAX_TEXT} is the most.",
            "Often a quote is missing, and two cells ran together.",
        )
    if not written.isprintable() and (found := _CONTROL.search(written)):
        raise CellProblem(
            "control_character",
            f"The cell holds the control character U+{ord(found[0]):04X}.",
            "Take it out at the source.",
        )
    if written[:1] in {"#", "?"} or "\ufffd" in written:
        _refuse_damage(written)
    return written


def _refuse_damage(written: str) -> None:
    if _EXCEL_ERROR.match(written):
        raise CellProblem(
            "formula_error", f"The spreadsheet could not work out this cell: {written}.", "Mend the formula."
        )
    if "\ufffd" in written or _LOST_LETTERS.match(written):
        raise CellProblem(
            "lost_letters",
            "Letters were lost when the file was saved in an encoding that lacks them.",
            "Export it as UTF-8.",
        )
