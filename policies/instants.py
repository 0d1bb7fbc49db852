"""From what HR states (a day, an instant, nothing) to one instant in UTC, right in every time zone."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

END_OF_DAY = time(18, 0)
"""When a working day ends where no policy rule says otherwise."""

_EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
_LATEST = datetime(9999, 12, 29, tzinfo=UTC)
"""HR systems write 9999-12-31 for 'never'; a few days inside, every zone can still show the instant."""


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment: `at` in UTC, and the IANA `zone` in which HR meant it."""

    at: datetime
    zone: str


class NoTimeZone(ValueError):
    """A day was stated, and neither the person nor the configuration says in which time zone."""


class UnknownTimeZone(ValueError):
    """The name is not in the IANA database; `suggestion` is the nearest name that is, if any."""

    def __init__(self, name: str, suggestion: str | None) -> None:
        hint = f"; did you mean {suggestion}?" if suggestion else "; use an IANA name such as Asia/Riyadh"
        super().__init__(f"unknown time zone {name!r}{hint}")
        self.name = name
        self.suggestion = suggestion


def instant_of(
    effective: date | datetime | None,
    *,
    zone: str | None,
    default_zone: str | None,
    now: datetime,
    end_of_day: time,
) -> Instant:
    """Give the instant HR means.

    A day lasts until `end_of_day` in the person's zone, an aware instant is taken as it is, None means
    `now`. Where clocks jump over that time of day (a gap) it is the first instant after the jump; where they
    show it twice (a fold) it is the later one: nobody is shut out early.

    Raises NoTimeZone (a day, or an instant without offset, and no zone) and UnknownTimeZone.
    """
    if effective is None:
        return Instant(_utc(now), _label(zone, default_zone))
    if not isinstance(effective, datetime):
        name = _zone_name(zone, default_zone)
        return Instant(local_instant(datetime.combine(effective, end_of_day), zone_of(name)), name)
    if effective.tzinfo is None:
        raise NoTimeZone(f"{effective.isoformat()} has no offset; write it as 2026-11-20T18:00+03:00")
    return Instant(_utc(effective), _label(zone, default_zone))


def zone_of(name: str) -> ZoneInfo:
    """Open a zone by its IANA name, or raise UnknownTimeZone with the nearest name."""
    if name in _names():
        return ZoneInfo(name)
    raise UnknownTimeZone(name, _nearest(name))


def local_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Give the instant, in UTC, at which clocks in `zone` show the naive time `wall`."""
    inside = min(max(wall, _EARLIEST.replace(tzinfo=None)), _LATEST.replace(tzinfo=None))
    first = inside.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = inside.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # In a fold `second` is the later of the two; on an ordinary day they are one; only a gap turns them.
    return second if second >= first else _jump_between(second, first, zone)


def shifted(at: datetime, by: timedelta) -> datetime:
    """Add elapsed time, staying inside the calendar."""
    try:
        return min(at + by, _LATEST)
    except OverflowError:
        return _LATEST


def _jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find, to the second, the instant in (before, after] at which the offset of `zone` changes."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _zone_name(zone: str | None, default_zone: str | None) -> str:
    name = zone or default_zone
    if not name:
        raise NoTimeZone(
            "a day is stated but no time zone; give the person one, or set a default time zone for all"
        )
    return name


def _label(*names: str | None) -> str:
    """An instant needs no zone: the first known name serves only to show it."""
    return next((name for name in names if name and name in _names()), "UTC")


def _utc(value: datetime) -> datetime:
    try:
        return min(max(value.astimezone(UTC), _EARLIEST), _LATEST)
    except OverflowError:
        return _LATEST if value.year > 1 else _EARLIEST


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _nearest(name: str) -> str | None:
    folded = {known.casefold(): known for known in sorted(_names())}
    cities = {known.rsplit("/", 1)[-1].casefold(): known for known in sorted(_names())}
    wanted = name.strip().replace(" ", "_").casefold()
    for table in (folded, cities):
        if near := difflib.get_close_matches(wanted, table, n=1, cutoff=0.75):
            return table[near[0]]
    return None
