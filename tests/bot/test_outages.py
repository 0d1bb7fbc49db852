"""What counts as one outage: lanes put together, hiccups, relapses, and when IT is told. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.outages import Outage, begins, falls_of, goes_on
from bot.states import LaneState
from bot.store.tables import LaneRow

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=10)


def lane(instance: str, state: str = "waiting", platform: str = "slack", minutes: int = 0) -> LaneRow:
    since = NOON + timedelta(minutes=minutes)
    probe = since + timedelta(minutes=1)
    return LaneRow(instance=instance, platform=platform, state=state, since=since, next_probe=probe)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def after(known: Outage, minutes: float, *down: LaneRow) -> Outage:
    now = at(minutes)
    return goes_on(known, falls_of(down, now).get(known.scope), now, PATIENCE)


def begun(*down: LaneRow) -> Outage:
    (fall,) = falls_of(down, NOON).values()
    return goes_on(begins("outage_1", fall, NOON), fall, NOON, PATIENCE)


def test_the_workspaces_of_a_platform_that_is_down_are_one_outage_and_a_refused_token_its_own() -> None:
    lanes = [
        lane("emea", minutes=2),
        lane("acme"),
        lane("apac", "paused"),
        lane("staff", platform="telegram"),
    ]
    found = falls_of([*lanes, lane("well", "open")], at(5))
    assert {scope: fall.instances for scope, fall in found.items()} == {
        "slack": ("acme", "emea"),
        "slack/apac": ("apac",),
        "telegram": ("staff",),
    }
    assert found["slack"].since == NOON


def test_it_is_told_after_ten_minutes_and_of_a_refused_token_at_once() -> None:
    waiting = begun(lane("acme"))
    assert not waiting.told
    assert not after(waiting, 9, lane("acme")).told
    assert after(waiting, 10, lane("acme")).told
    assert begun(lane("acme", "paused")).told


def test_what_changes_nothing_is_the_same() -> None:
    waiting = begun(lane("acme"))
    assert after(waiting, 5, lane("acme")) == waiting
    told = after(waiting, 10, lane("acme"))
    assert after(told, 50, lane("acme")) == told
    assert after(told, 61, lane("acme")) != told, "what waits is counted again"
    back = after(told, 62)
    assert after(back, 100) == back


def test_one_of_two_workspaces_that_answers_does_not_end_it() -> None:
    both = begun(lane("acme"), lane("emea", minutes=0))
    one = after(both, 5, lane("emea", minutes=0))
    assert (one.state, one.falls, one.since) == (LaneState.WAITING, 1, NOON)
    assert one.instances == ("emea",)


def test_a_relapse_within_the_hour_is_the_same_outage_and_later_it_is_over() -> None:
    up = after(after(begun(lane("acme")), 6, lane("acme")), 7)
    assert (up.is_up, up.down, up.told) == (True, 420.0, False)
    again = after(up, 60, lane("acme", minutes=60))
    assert (again.falls, again.began, again.since) == (2, NOON, at(60))
    assert after(again, 63, lane("acme", minutes=60)).told, "ten minutes in all"
    over = after(up, 67)
    assert over.over
    assert over.is_forgotten(at(67)), "nobody was told of it"
    told = replace(over, told=True)
    assert not told.is_forgotten(at(68))
    assert told.is_forgotten(at(67 + 31 * 24 * 60))


def test_a_lane_whose_token_was_refused_has_not_answered_again_because_it_fell_silent() -> None:
    refused, silent = begun(lane("acme", "paused")), frozenset({"acme"})
    assert goes_on(refused, None, at(5), PATIENCE, silent) == refused
    assert goes_on(refused, None, at(5), PATIENCE, frozenset({"emea"})).is_up
    assert goes_on(refused, None, at(5), PATIENCE).is_up


@given(st.lists(st.integers(min_value=1, max_value=59), min_size=1, max_size=40))
def test_however_it_flaps_it_is_one_outage_that_counts_each_fall_and_every_minute_down(
    spans: list[int],
) -> None:
    """`spans` are minutes down, up, down, … in turn, each gap shorter than an hour."""
    known, minute, down = begun(lane("acme")), 0, 0
    for number, span in enumerate(spans):
        falls = [lane("acme", minutes=minute)] if number % 2 == 0 else []
        known = after(known, minute, *falls)
        minute += span
        down += span if falls else 0
        known = after(known, minute, *falls)
    assert known.falls == (len(spans) + 1) // 2
    assert not known.over
    assert round(known.seconds(at(minute)) / 60) == down
    assert known.told == (down >= 10)
