"""Charts as SVG, made from values alone: columns, lines and bars, mirrored for right-to-left readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from bot.surfaces.web.scales import Scale

WIDTH: Final = 640
HEIGHT: Final = 260
PLOT_START: Final = 76
"""Room at the start for the words of the axis."""
PLOT_TOP: Final = 14
PLOT_END: Final = WIDTH - 12
PLOT_BOTTOM: Final = HEIGHT - 34
BAR: Final = 30
"""Height of one lying bar with the space below it."""
BAR_START: Final = 190


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart is called, and tells to whoever does not see it; and which way its reader reads."""

    key: str
    """An id for this chart, unique on its page."""
    title: str
    told: str
    """The same in a sentence, for a screen reader."""
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values, one for each label; None where there is none."""

    name: str
    values: Sequence[float | None]
    said: Sequence[str]
    """Each value as its reader says it."""


def columns_chart(words: Words, labels: Sequence[str], series: Sequence[Series], ticks: Scale) -> Markup:
    """Draw columns that stand on each other, one for each label."""
    step = (PLOT_END - PLOT_START) / max(len(labels), 1)
    marks = [*_grid(words, ticks)]
    for place, label in enumerate(labels):
        at, floor = PLOT_START + step * place, 0.0
        for number, one in enumerate(series):
            value = one.values[place] or 0.0
            if value > 0:
                said = f"{label}: {one.name} {one.said[place]}"
                marks.append(_column(words, at, step, (floor, floor + value), ticks, _kind(number), said))
            floor += value
        marks.append(_under(words, label, at + step / 2, place, len(labels)))
    return _svg(words, HEIGHT, marks)


def lines_chart(words: Words, labels: Sequence[str], series: Sequence[Series], ticks: Scale) -> Markup:
    """Draw a line for each series; where a value is missing it is broken, and a lone value is a dot."""
    step = (PLOT_END - PLOT_START) / max(len(labels), 1)
    marks = [*_grid(words, ticks)]
    marks += [
        _under(words, label, PLOT_START + step * (n + 0.5), n, len(labels)) for n, label in enumerate(labels)
    ]
    for number, one in enumerate(series):
        points = [
            None if value is None else (PLOT_START + step * (place + 0.5), _up(ticks, value))
            for place, value in enumerate(one.values)
        ]
        marks += [_path(words, part, number) for part in _unbroken(points)]
        for place, point in enumerate(points):
            if point is not None:
                marks.append(_dot(words, point, number, f"{labels[place]}: {one.name} {one.said[place]}"))
    return _svg(words, HEIGHT, marks)


def bars_chart(words: Words, labels: Sequence[str], values: Sequence[float], said: Sequence[str]) -> Markup:
    """Draw lying bars, the words before them and the number behind each."""
    longest, length = max([*values, 1.0]), PLOT_END - BAR_START - 50
    marks = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        top, wide = 8 + BAR * place, length * value / longest
        marks.append(_text(words, label, BAR_START - 10, top + 15, "end", "chart-label"))
        marks.append(_rect(words, BAR_START, top, wide, BAR - 10, "chart-0", f"{label}: {said[place]}"))
        marks.append(_text(words, said[place], BAR_START + wide + 8, top + 15, "start", "chart-value"))
    return _svg(words, 16 + BAR * len(labels), marks)


def _svg(words: Words, height: int, marks: Sequence[Markup]) -> Markup:
    direction = "rtl" if words.rtl else "ltr"
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" direction="{dir}"'
        ' aria-labelledby="{key}-title {key}-told" preserveAspectRatio="xMidYMid meet">'
        '<title id="{key}-title">{title}</title><desc id="{key}-told">{told}</desc>{marks}</svg>'
    ).format(
        w=WIDTH,
        h=height,
        dir=direction,
        key=words.key,
        title=words.title,
        told=words.told,
        marks=Markup("").join(marks),
    )


def _grid(words: Words, ticks: Scale) -> Iterator[Markup]:
    """Draw a line for each tick, and its words at the start."""
    for value, said in ticks.ticks:
        y = _number(_up(ticks, value))
        yield Markup('<line class="chart-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            _number(_across(words, PLOT_START)), _number(_across(words, PLOT_END)), y, y
        )
        yield _text(words, said, PLOT_START - 8, _up(ticks, value) + 4, "end", "chart-tick")


def _under(words: Words, label: str, at: float, place: int, count: int) -> Markup:
    """Write a label under its place; of many only every second, so that none runs into another."""
    if count > 8 and (count - 1 - place) % 2:
        return Markup("")
    return _text(words, label, at, PLOT_BOTTOM + 20, "middle", "chart-tick")


def _column(
    words: Words,
    at: float,
    step: float,
    part: tuple[float, float],
    ticks: Scale,
    kind: str,
    said: str,
) -> Markup:
    low, high = _up(ticks, part[0]), _up(ticks, part[1])
    wide = step * 0.68
    return _rect(words, at + (step - wide) / 2, high, wide, low - high, kind, said)


def _rect(words: Words, x: float, y: float, wide: float, high: float, kind: str, said: str) -> Markup:
    start = _across(words, x + wide) if words.rtl else x
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>'
    ).format(kind, _number(start), _number(y), _number(wide), _number(high), said)


def _path(words: Words, points: Sequence[tuple[float, float]], number: int) -> Markup:
    said = " ".join(f"{_number(_across(words, x))},{_number(y)}" for x, y in points)
    dashes = Markup("") if number == 0 else Markup(' stroke-dasharray="6 4"')
    return Markup('<polyline class="chart-line {}" fill="none"{} points="{}"/>').format(
        _kind(number), dashes, said
    )


def _dot(words: Words, point: tuple[float, float], number: int, said: str) -> Markup:
    x, y = _number(_across(words, point[0])), _number(point[1])
    if number == 0:
        return Markup('<circle class="{}" cx="{}" cy="{}" r="4"><title>{}</title></circle>').format(
            _kind(number), x, y, said
        )
    # Another shape, too: nothing is told by colour alone.
    corner = _number(_across(words, point[0]) - 4)
    return Markup('<rect class="{}" x="{}" y="{}" width="8" height="8"><title>{}</title></rect>').format(
        _kind(number), corner, _number(point[1] - 4), said
    )


def _text(words: Words, said: str, x: float, y: float, anchor: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, _number(_across(words, x)), _number(y), anchor, said
    )


def _unbroken(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Give the stretches of at least two points with none missing between them."""
    parts: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            parts.append([])
        else:
            parts[-1].append(point)
    return [part for part in parts if len(part) > 1]


def _across(words: Words, x: float) -> float:
    """Give the place along the page: from its other end for who reads from there."""
    return WIDTH - x if words.rtl else x


def _up(ticks: Scale, value: float) -> float:
    return PLOT_BOTTOM - ticks.share(value) * (PLOT_BOTTOM - PLOT_TOP)


def _kind(number: int) -> str:
    return f"chart-{number}"


def _number(value: float) -> str:
    return f"{round(value, 1):g}"
