"""Figures as pictures with words: labels, axes and tables in the reader's language and digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from bot.locale import N_, Translator
from bot.surfaces.web.charts import Series, Words, bars_chart, columns_chart, lines_chart
from bot.surfaces.web.scales import linear, times
from bot.views.figures import Age, Figures, Week
from bot.words.spans import span_text

AGES: Mapping[Age, str] = {
    Age.AHEAD: N_("not due yet"),
    Age.DAY: N_("due less than a day ago"),
    Age.THREE_DAYS: N_("due 1 to 3 days ago"),
    Age.WEEK: N_("due 3 to 7 days ago"),
    Age.MONTH: N_("due 7 to 30 days ago"),
    Age.LONGER: N_("due more than 30 days ago"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, and the same numbers as a table."""

    key: str
    title: str
    told: str
    """The same in a sentence; what the picture says to whoever does not see it."""
    chart: Markup | None
    """None where there is nothing to draw."""
    legend: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pictures(found: Figures, t: Translator) -> tuple[Picture, ...]:
    """Draw the pictures of the page, for one reader."""
    return _times(found.weeks, t), _removals(found.weeks, t), _ages(found.open, t)


def _times(weeks: Sequence[Week], t: Translator) -> Picture:
    known = [value for week in weeks for value in (week.p50, week.p95) if value is not None]
    names = (t.text("half of them within"), t.text("95 of 100 within"))
    series = [_series(names[0], [w.p50 for w in weeks], t), _series(names[1], [w.p95 for w in weeks], t)]
    title = t.text("Time to revoke")
    last = next((week for week in reversed(weeks) if week.p50 is not None), None)
    told = t.text("No removal was seen to be true in these weeks.")
    if last is not None:
        told = t.text(
            "In the week of {week}, half of the removals were seen to be true within {p50} of HR's instant, "
            "95 of 100 within {p95}.",
            week=t.short_day(last.monday),
            p50=span_text(last.p50, t),
            p95=span_text(last.p95, t),
        )
    scale = times(known, lambda mark: span_text(mark, t))
    words = _words("times", title, told, t)
    headings = (t.text("Week of"), *names, t.text("Removals"), t.text("HR told late"))
    rows = [
        (
            t.short_day(week.monday),
            span_text(week.p50, t),
            span_text(week.p95, t),
            t.number(week.total),
            t.number(week.late),
        )
        for week in weeks
    ]
    chart = lines_chart(words, _labels(weeks, t), series, scale) if known else None
    return Picture("times", title, told, chart, names, headings, tuple(rows))


def _series(name: str, values: Sequence[timedelta | None], t: Translator) -> Series:
    seconds = [None if value is None else value.total_seconds() for value in values]
    return Series(name, seconds, [span_text(value, t) for value in values])


def _removals(weeks: Sequence[Week], t: Translator) -> Picture:
    platforms = sorted({name for week in weeks for name in week.removals})
    counts = {name: [week.removals.get(name, 0) for week in weeks] for name in platforms}
    series = [Series(name, values, [t.number(value) for value in values]) for name, values in counts.items()]
    total = sum(week.total for week in weeks)
    title = t.text("Removals per week")
    told = t.plural(
        "{n} removal was seen to be true in these weeks.",
        "{n} removals were seen to be true in these weeks.",
        total,
    )
    scale = linear(max(week.total for week in weeks), t.number)
    words = _words("removals", title, told, t)
    chart = columns_chart(words, _labels(weeks, t), series, scale) if total else None
    rows = [
        tuple(t.number(count) for count in (*(week.removals.get(name, 0) for name in platforms), week.total))
        for week in weeks
    ]
    labelled = tuple((label, *row) for label, row in zip(_labels(weeks, t), rows, strict=True))
    headings = (t.text("Week of"), *platforms, t.text("All platforms"))
    return Picture("removals", title, told, chart, tuple(platforms), headings, labelled)


def _ages(ages: Mapping[Age, int], t: Translator) -> Picture:
    total = sum(ages.values())
    title = t.text("Open cases by age")
    told = t.plural("{n} case is open.", "{n} cases are open.", total)
    labels = [t.text(AGES[age]) for age in ages]
    said = [t.number(count) for count in ages.values()]
    words = _words("ages", title, told, t)
    chart = bars_chart(words, labels, list(ages.values()), said) if total else None
    rows = tuple(zip(labels, said, strict=True))
    return Picture("ages", title, told, chart, (), (t.text("Age"), t.text("Cases")), rows)


def _words(key: str, title: str, told: str, t: Translator) -> Words:
    return Words(key, title, told, rtl=t.direction == "rtl")


def _labels(weeks: Sequence[Week], t: Translator) -> list[str]:
    return [t.short_day(week.monday) for week in weeks]
