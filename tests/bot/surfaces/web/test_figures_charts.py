"""Charts: the same values give the same picture, nothing leaves it, and the other direction mirrors it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.surfaces.web.charts import WIDTH, Series, Words, bars_chart, columns_chart, lines_chart
from bot.surfaces.web.scales import MOST_TICKS, Scale, linear, times

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
LTR = Words("removals", "Removals", "Two weeks")
RTL = Words("removals", "عمليات الإخراج", "أسبوعان", rtl=True)
NUMBERS = st.lists(st.integers(0, 10_000), min_size=1, max_size=14)


def columns(words: Words, values: Sequence[int]) -> Markup:
    said = [str(value) for value in values]
    labels = [f"w{place}" for place in range(len(values))]
    both = [Series("Slack", values, said), Series("Teams", values, said)]
    return columns_chart(words, labels, both, linear(2 * max(values), str))


def lines(words: Words, values: Sequence[int | None]) -> Markup:
    said = [str(value) for value in values]
    known = [timedelta(seconds=value) for value in values if value is not None]
    scale = times(known, lambda mark: f"{mark.total_seconds():.0f} s")
    return lines_chart(words, [f"w{n}" for n in range(len(values))], [Series("p50", values, said)] * 2, scale)


def bars(words: Words, values: Sequence[int]) -> Markup:
    return bars_chart(words, [f"age {n}" for n in range(len(values))], values, [str(v) for v in values])


@pytest.mark.parametrize("words", [LTR, RTL], ids=["ltr", "rtl"])
@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("columns", lambda words: columns(words, [3, 0, 12])),
        ("lines", lambda words: lines(words, [2, 40, None, 7200])),
        ("bars", lambda words: bars(words, [4, 0, 1])),
    ],
)
def test_the_picture_is_the_one_that_was_looked_at(name: str, made: object, words: Words) -> None:
    assert callable(made)
    kept = GOLDEN / f"{name}-{'rtl' if words.rtl else 'ltr'}.svg"
    drawn = str(made(words)).replace("><", ">\n<") + "\n"
    assert drawn == kept.read_text(encoding="utf-8"), "look at the new picture, then keep it in golden/"


def parsed(picture: Markup) -> ET.Element:
    spaced = str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return ET.fromstring(spaced)  # noqa: S314 - our own picture


@given(NUMBERS, st.booleans())
def test_nothing_is_drawn_outside_and_no_column_is_upside_down(values: list[int], rtl: bool) -> None:
    words = RTL if rtl else LTR
    for picture in (columns(words, values), lines(words, values), bars(words, values)):
        root = parsed(picture)
        height = float(root.attrib["viewBox"].split()[3])
        for rect in root.iter(f"{SVG}rect"):
            x, y, wide, high = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
            assert wide >= 0
            assert high >= 0
            assert -0.2 <= x <= x + wide <= WIDTH + 0.2
            assert -0.2 <= y <= y + high <= height + 0.2


@given(NUMBERS)
def test_the_other_direction_is_the_mirror_image(values: list[int]) -> None:
    here, there = parsed(columns(LTR, values)), parsed(columns(RTL, values))
    pairs = list(zip(here.iter(f"{SVG}rect"), there.iter(f"{SVG}rect"), strict=True))
    assert len(pairs) == 2 * sum(value > 0 for value in values)
    for one, other in pairs:
        end = float(one.attrib["x"]) + float(one.attrib["width"])
        assert abs(float(other.attrib["x"]) - (WIDTH - end)) <= 0.21


def test_what_is_written_is_escaped_and_told_to_a_screen_reader() -> None:
    words = Words("k", "<script>", '"told"')
    root = parsed(bars_chart(words, ["<b>=1+1"], [1], ["1"]))
    assert root.attrib["role"] == "img"
    named = {element.attrib.get("id"): element.text for element in root}
    assert [named[one] for one in root.attrib["aria-labelledby"].split()] == ["<script>", '"told"']
    assert "<script>" not in str(columns_chart(words, ["x"], [], linear(1, str)))


def test_no_picture_holds_an_inline_style_or_script() -> None:
    """The console's policy would refuse both."""
    for picture in (columns(LTR, [1, 2]), lines(LTR, [1, 2]), bars(LTR, [1])):
        assert not re.search(r"style=|<style|<script|on\w+=", str(picture))


def test_a_line_is_broken_where_a_week_has_no_value() -> None:
    root = parsed(lines(LTR, [1, 2, None, 4, 5]))
    assert len(list(root.iter(f"{SVG}polyline"))) == 4
    assert len(list(parsed(lines(LTR, [1, None, 3])).iter(f"{SVG}polyline"))) == 0


@given(st.integers(0, 10**9))
def test_an_axis_of_counts_holds_the_highest_in_a_few_round_steps(highest: int) -> None:
    scale = linear(highest, str)
    values = [value for value, _ in scale.ticks]
    assert values[0] == 0
    assert values[-1] >= highest
    assert len(values) <= MOST_TICKS + 1
    assert all(value == int(value) for value in values)


@given(st.lists(st.integers(0, 400 * 86400).map(lambda n: timedelta(seconds=n))))
def test_an_axis_of_times_is_in_order_and_holds_what_is_under_a_year(values: list[timedelta]) -> None:
    scale = times(values, str)
    marks = [value for value, _ in scale.ticks]
    assert marks == sorted(set(marks))
    assert len(marks) > 1
    assert all(0 <= scale.share(value.total_seconds()) <= 1 for value in values)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.booleans())
def test_more_never_stands_lower(one: float, other: float, by_powers: bool) -> None:
    scale = Scale([(1.0, ""), (1e6, "")], by_powers=by_powers)
    low, high = sorted((one, other))
    assert scale.share(low) <= scale.share(high)
