"""A last day as a form carries it: its fields, the zones to choose from, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from bot.locale import N_, Translator
from bot.views.offboarding import Wish, WrongWhen
from policies.model import ExitType

WISH_FIELDS = ("last_day", "time", "zone", "exit_type")
_WRONG: Mapping[str, str] = {
    "no_day": N_("Say the last day."),
    "bad_day": N_("This is no day of the calendar. Write it as in 2026-11-30."),
    "bad_time": N_("This is no time of day. Write it as in 17:30, or leave it empty."),
    "no_zone": N_("Nothing says in which time zone the day is meant. Choose one."),
    "bad_zone": N_("This is no known time zone. Choose one of the list."),
    "no_rule": N_("No rule of the policy does anything when this person leaves. Ask IT to look at it."),
}


def wish_of(typed: Mapping[str, str]) -> Wish:
    """Read the fields as typed; an exit type nobody knows counts as not stated."""
    kind = typed.get("exit_type", "")
    known = ExitType(kind) if kind in set(ExitType) else ExitType.UNSTATED
    return Wish(typed.get("last_day", ""), typed.get("time", ""), typed.get("zone", ""), known)


def wrong_text(wrong: WrongWhen, t: Translator) -> str:
    """Say what is wrong with a wish, and what to write instead."""
    said = t.text(_WRONG[wrong.why])
    if not wrong.suggestion:
        return said
    meant = t.text("Did you mean {zone}?", zone=t.isolate(wrong.suggestion))
    return f"{said} {meant}"


@cache
def zones() -> tuple[str, ...]:
    """Give the zones of the world by region and city; not the odd names that are kept for old systems."""
    regions = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return tuple(sorted(zone for zone in available_timezones() if zone.partition("/")[0] in regions))
