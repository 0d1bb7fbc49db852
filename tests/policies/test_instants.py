"""A stated day ends at one instant, right in every zone and through every clock change."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.instants import (
    END_OF_DAY,
    Instant,
    NoTimeZone,
    UnknownTimeZone,
    instant_of,
    local_instant,
    shifted,
)
from tests.policies.builders import NOW

ZONES = sorted(available_timezones())


def at(
    effective: date | datetime | None,
    zone: str | None = "Asia/Riyadh",
    default: str | None = None,
    end: time = END_OF_DAY,
) -> Instant:
    return instant_of(effective, zone=zone, default_zone=default, now=NOW, end_of_day=end)


def test_a_day_lasts_until_six_in_the_evening_where_the_person_works() -> None:
    assert at(date(2026, 11, 20)) == Instant(datetime(2026, 11, 20, 15, tzinfo=UTC), "Asia/Riyadh")


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Pacific/Kiritimati", date(2026, 11, 20), "2026-11-20T04:00"),  # UTC+14
        ("Etc/GMT+12", date(2026, 11, 20), "2026-11-21T06:00"),  # UTC-12
        ("Asia/Kolkata", date(2026, 11, 20), "2026-11-20T12:30"),  # a half-hour zone
        ("Asia/Kathmandu", date(2026, 11, 20), "2026-11-20T12:15"),  # and a quarter-hour one
        ("Europe/Berlin", date(2028, 2, 29), "2028-02-29T17:00"),  # a leap day
        ("Europe/Berlin", date(2026, 3, 28), "2026-03-28T17:00"),  # the day before summer time
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T16:00"),  # and its first evening
    ],
)
def test_a_day_ends_at_its_own_evening(zone: str, day: date, expected: str) -> None:
    assert at(day, zone).at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_time_of_day_that_clocks_jump_over_means_the_first_instant_after_the_jump() -> None:
    skipped = at(date(2026, 3, 29), "Europe/Berlin", end=time(2, 30))
    assert skipped.at == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert skipped.at.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") == "03:00"


def test_a_time_of_day_that_comes_twice_means_the_later_one_so_nobody_is_shut_out_early() -> None:
    assert at(date(2026, 10, 25), "Europe/Berlin", end=time(2, 30)).at == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


def test_a_whole_day_that_a_country_skipped_ends_when_the_next_day_begins() -> None:
    assert at(date(2011, 12, 30), "Pacific/Apia").at == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_an_aware_instant_is_taken_as_it_is_and_needs_no_zone() -> None:
    stated = datetime(2026, 11, 20, 18, tzinfo=timezone(timedelta(hours=3)))
    assert at(stated, zone=None) == Instant(datetime(2026, 11, 20, 15, tzinfo=UTC), "UTC")
    assert at(stated, zone="Nowhere/Land", default="Asia/Riyadh").zone == "Asia/Riyadh"


def test_nothing_stated_means_now() -> None:
    assert at(None, zone=None) == Instant(NOW, "UTC")


def test_a_person_without_a_zone_has_the_default_one() -> None:
    assert at(date(2026, 11, 20), zone=None, default="Asia/Kolkata").zone == "Asia/Kolkata"


def test_a_day_without_any_zone_is_refused() -> None:
    with pytest.raises(NoTimeZone, match="default time zone"):
        at(date(2026, 11, 20), zone=None)


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(NoTimeZone, match="has no offset"):
        at(datetime(2026, 11, 20, 18))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("asia/riyadh", "Asia/Riyadh"),
        ("Asia/Ryadh", "Asia/Riyadh"),
        ("Riyadh", "Asia/Riyadh"),
        ("America/New York", "America/New_York"),
        ("../../etc/passwd", None),
        ("qqqqqq", None),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_known_name(written: str, suggested: str | None) -> None:
    with pytest.raises(UnknownTimeZone) as caught:
        at(date(2026, 11, 20), zone=written)
    assert (caught.value.name, caught.value.suggestion) == (written, suggested)
    assert ("did you mean" in str(caught.value)) == (suggested is not None)


def test_a_misspelt_zone_is_not_replaced_by_the_default_behind_anybodys_back() -> None:
    with pytest.raises(UnknownTimeZone):
        at(date(2026, 11, 20), zone="Asia/Ryadh", default="Europe/Berlin")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
@pytest.mark.parametrize("edge", [date.max, date.min])
def test_the_edges_of_the_calendar_mean_never_and_always_and_can_be_shown_everywhere(
    edge: date, zone: str
) -> None:
    found = at(edge, zone).at
    assert abs(found.year - edge.year) == 0
    assert (
        found.astimezone(ZoneInfo("Pacific/Kiritimati")).year == found.astimezone(ZoneInfo("Etc/GMT+12")).year
    )


def test_an_instant_at_the_edge_of_the_calendar_does_not_fall_off() -> None:
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
    assert at(last).at.year == 9999
    assert at(first).at.year == 1
    assert shifted(at(last).at, timedelta(days=9_999)).year == 9999
    assert shifted(at(last).at, timedelta.max).year == 9999


@given(
    st.dates(date(1975, 1, 1), date(2037, 12, 31)),
    st.sampled_from(ZONES),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
)
def test_clocks_there_show_the_stated_time_unless_they_jumped_over_it(
    day: date, name: str, end: time
) -> None:
    zone = ZoneInfo(name)
    wall = datetime.combine(day, end)
    found = local_instant(wall, zone)
    shown = found.astimezone(zone).replace(tzinfo=None)
    assert shown >= wall
    if shown != wall:  # a gap: one second before, clocks had not yet reached the stated time
        assert (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) < wall


@given(st.dates(date(1975, 1, 1), date(2037, 12, 31)), st.sampled_from(ZONES))
def test_nobody_is_shut_out_before_the_stated_time_has_passed_for_good(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    found = at(day, name).at
    wall = datetime.combine(day, END_OF_DAY)
    later = found + timedelta(seconds=1)
    assert later.astimezone(zone).replace(tzinfo=None) > wall
