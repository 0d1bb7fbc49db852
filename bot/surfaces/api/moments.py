"""Days and instants as programs write them: only text, only with an offset, only years that can be meant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from bot.manual_cases import CannotOpen, read_moment
from bot.surfaces.api.problems import Code, Problem

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2200
"""What lies beyond is a slip of the pen, and no calendar's arithmetic holds at its ends."""


def _moment(value: Any) -> date | datetime:
    if not isinstance(value, str):
        raise ValueError("write a day or an instant as text")  # noqa: TRY004 - pydantic hears ValueError
    try:
        return read_moment(value)
    except CannotOpen as error:
        raise ValueError(str(error)) from None


def _instant(value: Any) -> datetime:
    found = _moment(value)
    if not isinstance(found, datetime):
        raise ValueError("write an instant with its offset, such as 2026-11-30T18:00+03:00")  # noqa: TRY004 - as above
    return found


_DAY: Final = {"type": "string", "format": "date", "examples": ["2026-11-30"]}
_INSTANT: Final = {"type": "string", "format": "date-time", "examples": ["2026-11-30T18:00:00+03:00"]}
Moment = Annotated[
    date | datetime, BeforeValidator(_moment), WithJsonSchema({"anyOf": [_DAY, _INSTANT]}, mode="validation")
]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema(_INSTANT, mode="validation")]


def meant(moment: date | datetime | None) -> date | datetime | None:
    """Give the moment back; raises Problem for a year nobody can mean."""
    if moment is not None and not FIRST_YEAR <= moment.year < LAST_YEAR:
        told = f"the year {moment.year} cannot be meant: write one from {FIRST_YEAR} to {LAST_YEAR - 1}"
        raise Problem(Code.CANNOT, told, reason="no_moment")
    return moment
