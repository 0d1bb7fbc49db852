"""Dates and instants as HR writes them; what could mean two days is refused, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from .cells import Cell, digits, identifier
from .complaints import CellProblem

FIRST_YEAR, LAST_YEAR = 1900, 2199
_SHAPE = re.compile(r"(?P<day>[^\sT]+)(?:(?:T|\s+)(?P<clock>\S.*))?", re.ASCII)
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", re.ASCII)
_FOREIGN = re.compile(r"(\d{1,4})([./\-])(\d{1,2})\2(\d{1,4})", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)
_TOKENS = {"yyyy": r"(?P<y>\d{4})", "mm": r"(?P<m>\d{1,2})", "dd": r"(?P<d>\d{1,2})"}
_REMEDY = "Write it as YYYY-MM-DD, or set date_format for this source (dd/mm/yyyy, for example)."
_OFFSET = "Write the offset (2026-11-20T18:00+03:00), or fill the time_zone column."


class DateReader:
    """Reads ISO 8601, and one more format where the source names it.

    `date_format` holds dd, mm and yyyy once each with the same . / or - between them; else ValueError.
    """

    def __init__(self, date_format: str | None) -> None:
        self._pattern = _compile(date_format) if date_format is not None else None

    def moment(self, cell: Cell, local: ZoneInfo | None) -> date | datetime:
        """Read a day, or an instant (given in UTC); a time without an offset counts in `local`.

        Raises CellProblem for an ambiguous day, a time without a zone, and one the clocks skip or repeat.
        """
        if isinstance(cell, datetime):
            return _instant(cell, local)
        if isinstance(cell, date):
            return _in_range(cell)
        if isinstance(cell, float | int | time):
            raise CellProblem("bad_date", f"{cell} is not a date.", "Format the cell as a date.")
        written = digits(identifier(cell))
        shape = _SHAPE.fullmatch(written)
        day = self._day(shape["day"] if shape else written)
        if shape is None or shape["clock"] is None:
            return day
        return _instant(_with_clock(day, shape["clock"], written), local)

    def _day(self, written: str) -> date:
        found = _ISO.fullmatch(written) or (self._pattern.fullmatch(written) if self._pattern else None)
        if found is None:
            raise _not_understood(written)
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError as error:
            raise CellProblem(
                "bad_date", f"There is no day {written!r}.", "Correct it at the source."
            ) from error
        return _in_range(day)


def _compile(date_format: str) -> re.Pattern[str]:
    parts = re.split(r"([./\-])", date_format.strip().casefold())
    parts = [{"d": "dd", "m": "mm"}.get(part, part) for part in parts]
    if len(parts) != 5 or sorted(parts[::2]) != sorted(_TOKENS) or parts[1] != parts[3]:
        raise ValueError(f"date_format {date_format!r}: write dd, mm and yyyy once each, as in dd/mm/yyyy.")
    if parts == ["yyyy", "-", "dd", "-", "mm"]:
        raise ValueError("date_format yyyy-dd-mm cannot be told from ISO 8601; export ISO dates.")
    return re.compile("".join(_TOKENS.get(part, re.escape(part)) for part in parts), re.ASCII)


def _not_understood(written: str) -> CellProblem:
    found = _FOREIGN.fullmatch(written)
    if found is None:
        return CellProblem("bad_date", f"{written!r} is not a date.", _REMEDY)
    first, second = int(found[1]), int(found[3])
    if first <= 12 and second <= 12:
        return CellProblem(
            "ambiguous_date", f"{written!r} could be two days: day first or month first is not said.", _REMEDY
        )
    return CellProblem(
        "unconfigured_date", f"{written!r} is not in a format this source is set to read.", _REMEDY
    )


def _in_range(day: date) -> date:
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return day
    hijri = " It looks like a Hijri date; write the Gregorian one." if 1300 <= day.year <= 1600 else ""
    raise CellProblem(
        "date_out_of_range",
        f"{day} is outside {FIRST_YEAR} to {LAST_YEAR}.{hijri}",
        "Correct it, or leave the cell empty where there is no date.",
    )


def _with_clock(day: date, clock: str, written: str) -> datetime:
    if not _CLOCK.fullmatch(clock):
        raise CellProblem("bad_time", f"{clock!r} is not a time of day.", "Write 18:00 or 18:00+03:00.")
    try:
        at = time.fromisoformat(re.sub(r"\s+", "", clock).zfill(5) if clock[1] != ":" else "0" + clock)
    except ValueError as error:
        raise CellProblem(
            "bad_time", f"{written!r} has no such time of day.", "Write 18:00 or 18:00+03:00."
        ) from error
    if at == time(0, 0):
        raise CellProblem(
            "midnight",
            f"{written!r} may be the whole day or its very first moment.",
            "Write the day alone for the whole day, or add the offset for the first moment.",
        )
    return datetime.combine(day, at)


def _instant(at: datetime, local: ZoneInfo | None) -> datetime:
    _in_range(at.date())
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if local is None:
        raise CellProblem("naive_instant", f"{at} does not say in which time zone.", _OFFSET)
    earlier, later = at.replace(tzinfo=local, fold=0), at.replace(tzinfo=local, fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return earlier.astimezone(UTC)
    skipped = earlier.astimezone(UTC).astimezone(local).replace(tzinfo=None) != at
    what = "is skipped" if skipped else "comes twice"
    raise CellProblem(
        "clock_change", f"{at} {what} in {local.key}, where the clocks change.", "Write the offset."
    )
