"""IANA time zones by name, with the nearest one where a name is wrong."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from .complaints import CellProblem


@cache
def zone(name: str) -> ZoneInfo:
    """Give the zone of an IANA name, or raise CellProblem with the nearest name."""
    if name in zone_names():
        return ZoneInfo(name)
    near = _nearest(name.casefold().replace(" ", "_"))
    raise CellProblem(
        "unknown_time_zone",
        f"{name!r} is not an IANA time zone.",
        f"Did you mean {near}?" if near else "Write one such as Asia/Riyadh.",
    )


@cache
def zone_names() -> frozenset[str]:
    """Give every IANA name this machine knows, without what is no place."""
    return frozenset(available_timezones() - {"Factory", "localtime", "posixrules"})


@cache
def _spellings() -> dict[str, str]:
    """Give folded name → name, whole names first, then the city alone."""
    cities = {name.rsplit("/", 1)[-1].casefold(): name for name in sorted(zone_names(), reverse=True)}
    return {**cities, **{name.casefold(): name for name in zone_names()}}


def _nearest(wanted: str) -> str | None:
    spellings = _spellings()
    close = [wanted] if wanted in spellings else get_close_matches(wanted, spellings, n=1, cutoff=0.7)
    return spellings[close[0]] if close else None
