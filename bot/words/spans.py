"""How long something took, and how much of a whole something is, as people say it."""

from __future__ import annotations

from datetime import timedelta

from babel.numbers import format_percent

from bot.locale import Translator


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


def percent_text(of_hundred: int, t: Translator) -> str:
    """Write a share of a hundred as the reader's region does."""
    return str(format_percent(of_hundred / 100, locale=t.locale, numbering_system="default"))
