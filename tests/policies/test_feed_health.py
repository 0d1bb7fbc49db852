"""The gate on whole feeds: what holds one, what does not, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.feed_health import FeedReading, HealthLimits, judge

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LAST = FeedReading(
    mode="snapshot",
    rows=100,
    terminated=10,
    header=("id", "name", "status"),
    sha256="a",
    modified=NOW - DAY,
    as_of=NOW - DAY,
)
NEXT = replace(LAST, sha256="b", modified=NOW, as_of=NOW)


def codes(
    reading: FeedReading, last: FeedReading | None = LAST, limits: HealthLimits | None = None
) -> list[str]:
    return [finding.code for finding in judge(reading, last, limits or HealthLimits(), now=NOW)]


def test_an_ordinary_next_export_is_healthy() -> None:
    assert codes(NEXT) == []


@pytest.mark.parametrize("last", [None, LAST])
def test_nobody_in_a_snapshot_is_a_fault_and_never_an_empty_company(last: FeedReading | None) -> None:
    assert codes(replace(NEXT, rows=0, terminated=0), last) == ["empty"]


@pytest.mark.parametrize("last", [None, LAST])
def test_everybody_terminated_is_a_fault(last: FeedReading | None) -> None:
    assert codes(replace(NEXT, terminated=100), last) == ["everybody_terminated"]


@pytest.mark.parametrize(
    ("before", "now", "held"),
    [(100, 90, False), (100, 89, True), (12, 9, False), (12, 8, True), (1000, 901, False), (1000, 899, True)],
)
def test_a_snapshot_may_lose_three_people_or_a_tenth_whichever_is_more(
    before: int, now: int, held: bool
) -> None:
    found = codes(replace(NEXT, rows=now, terminated=0), replace(LAST, rows=before, terminated=0))

    assert found == (["shrunken"] if held else [])


@pytest.mark.parametrize(
    ("rows", "before", "now", "held"),
    [(100, 10, 30, False), (100, 10, 31, True), (10, 0, 5, False), (10, 0, 6, True), (100, 40, 10, False)],
)
def test_five_more_may_be_terminated_or_a_fifth_whichever_is_more(
    rows: int, before: int, now: int, held: bool
) -> None:
    found = codes(replace(NEXT, rows=rows, terminated=now), replace(LAST, rows=rows, terminated=before))

    assert found == (["terminated_jump"] if held else [])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("status", "name", "id"), []),
        (("id", "name"), ["columns_removed"]),
        (("id", "name", "status", "team"), ["columns_added"]),
        (("id", "name", "state"), ["columns_removed", "columns_added"]),
    ],
)
def test_a_changed_header_is_told_but_order_is_no_change(
    header: tuple[str, ...], expected: list[str]
) -> None:
    assert codes(replace(NEXT, header=header)) == expected


def test_a_changed_header_names_what_is_gone_and_what_is_new() -> None:
    was = replace(NEXT, header=("id", "name", "last_day", "time_zone"))
    now = replace(NEXT, header=("id", "name", "exit_date", "zone "))
    said = {finding.code: finding.message for finding in judge(now, was)}
    assert (
        "gone or renamed: 'last_day', 'time_zone'. New in this one: 'exit_date', 'zone '."
        in said["columns_removed"]
    )
    assert "'exit_date', 'zone '" in said["columns_added"]
    many = judge(replace(NEXT, header=tuple(f"c{n}" for n in range(40))), replace(NEXT, header=("c0",)))
    assert many[0].message.count("'c") == 12
    assert "and 27 more" in many[0].message


def test_an_older_export_is_not_taken_after_a_newer_one() -> None:
    assert codes(replace(NEXT, as_of=LAST.modified - DAY)) == ["older_than_last"]
    assert codes(replace(NEXT, as_of=None, modified=LAST.modified - DAY)) == ["older_than_last"]


def test_the_date_an_export_gives_itself_outranks_the_time_of_the_file() -> None:
    assert codes(replace(NEXT, modified=LAST.modified - DAY)) == []
    same_day = replace(NEXT, as_of=LAST.as_of, modified=LAST.modified - DAY)
    assert codes(same_day) == ["older_than_last"]


@pytest.mark.parametrize("last", [None, LAST])
def test_a_date_in_the_future_would_lock_out_the_true_ones(last: FeedReading | None) -> None:
    assert codes(replace(NEXT, as_of=NOW + DAY), last) == [], "it is tomorrow somewhere already"
    assert codes(replace(NEXT, as_of=NOW + 2 * DAY), last) == ["future_as_of"]


def test_without_a_clock_the_time_of_the_file_tells_the_future() -> None:
    ahead = replace(NEXT, as_of=NEXT.modified + 2 * DAY)

    assert [finding.code for finding in judge(ahead, LAST)] == ["future_as_of"]


@pytest.mark.parametrize("last", [None, LAST])
def test_a_missing_canary_is_named(last: FeedReading | None) -> None:
    (finding,) = judge(replace(NEXT, missing_canaries=("E1", "E2")), last, now=NOW)

    assert finding.code == "missing_canary"
    assert ("missing", "E1, E2") in finding.evidence


def test_a_lost_last_line_break_may_be_a_cut_file() -> None:
    assert codes(replace(NEXT, ends_with_newline=False)) == ["cut_off"]
    assert codes(replace(NEXT, ends_with_newline=False), replace(LAST, ends_with_newline=False)) == []


def test_a_delta_of_nobody_or_of_leavers_only_is_nothing_unusual() -> None:
    last = replace(LAST, mode="delta")

    assert codes(replace(NEXT, mode="delta", rows=0, terminated=0), last) == []
    assert codes(replace(NEXT, mode="delta", rows=2, terminated=2, missing_canaries=("E1",)), last) == []


def test_a_source_that_changes_its_mode_is_held() -> None:
    assert codes(replace(NEXT, mode="delta", rows=3, terminated=0)) == ["mode_changed"]


def test_a_baseline_has_nothing_to_be_compared_with() -> None:
    assert codes(replace(NEXT, rows=1, terminated=0), None) == []


def test_limits_can_be_set() -> None:
    strict = HealthLimits(shrink_people=0, shrink_percent=0)

    assert codes(replace(NEXT, rows=99), LAST, strict) == ["shrunken"]


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_a_feed_is_held_for_shrinking_only_beyond_both_numbers(before: int, now: int) -> None:
    found = codes(replace(NEXT, rows=now, terminated=0), replace(LAST, rows=before, terminated=0))

    lost = before - now
    assert ("shrunken" in found) == (now > 0 and lost > 3 and lost > before / 10)
    assert ("empty" in found) == (now == 0)


def test_every_finding_says_what_to_do() -> None:
    broken = FeedReading(
        mode="snapshot",
        rows=50,
        terminated=49,
        header=("x",),
        sha256="b",
        modified=NOW,
        as_of=NOW - 9 * DAY,
        ends_with_newline=False,
        missing_canaries=("E1",),
    )
    found = judge(broken, LAST, now=NOW)

    assert len(found) == 7
    for finding in found:
        assert any(verb in finding.message for verb in ("Check", "Deliver", "Map", "Release", "release"))
