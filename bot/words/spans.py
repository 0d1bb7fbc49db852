"""How long something took, and how much of a whole something is, as people say it."""

from __future__ import annotations

from datetime import timedelta

from bot.locale import Translator

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def span_text(span: timedelta | None, t: Translator) -> str:
    """Write a time in its largest unit that fits, rounded down; a dash for None."""
    if span is None:
        return "–"
    seconds = int(span.total_seconds())
    if seconds < 60:
        return t.plural("{n} second", "{n} seconds", seconds)
    if seconds < 3600:
        return t.plural("{n} minute", "{n} minutes", seconds // 60)
    if seconds < 48 * 3600:
        return t.plural("{n} hour", "{n} hours", seconds // 3600)
    return t.plural("{n} day", "{n} days", seconds // 86400)


def lasting_text(seconds: float, t: Translator) -> str:
    """Say how long something will take in its largest unit, rounded up: an estimate is no stopwatch."""
    if seconds >= 2 * _DAY:
        return t.plural("{n} day", "{n} days", -int(-seconds // _DAY))
    if seconds >= 2 * _HOUR:
        return t.plural("{n} hour", "{n} hours", -int(-seconds // _HOUR))
    if seconds >= 2 * _MINUTE:
        return t.plural("{n} minute", "{n} minutes", -int(-seconds // _MINUTE))
    return t.plural("{n} second", "{n} seconds", max(1, -int(-seconds // 1)))


def percent_text(of_hundred: int, t: Translator) -> str:
    """Write a share of a hundred as the reader's region does."""
    from babel.numbers import format_percent  # noqa: PLC0415 - loaded where a share is written

    return str(format_percent(of_hundred / 100, locale=t.locale, numbering_system="default"))
