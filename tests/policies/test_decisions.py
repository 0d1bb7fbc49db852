"""Which rule an event meets, when it is due, and when nothing is decided and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.loader import combine, load
from policies.model import Employment, EventKind, ExitType, LifecycleEvent, Post
from policies.plan import Decision, NoDecision, decide
from policies.rules import Policy
from tests.policies.builders import ANA, FINANCE, NOW, leaving, moving, policy

LAST_DAY = date(2026, 11, 20)
SIX_IN_RIYADH = datetime(2026, 11, 20, 15, tzinfo=UTC)
PLAIN = policy("on: leaver\naction: remove")


def decided(event: LifecycleEvent, by: Policy = PLAIN, *, default: str | None = None) -> Decision:
    decision = decide(event, by, now=NOW, default_zone=default)
    assert isinstance(decision, Decision)
    return decision


def refused(event: LifecycleEvent, by: Policy = PLAIN, *, default: str | None = None) -> str:
    decision = decide(event, by, now=NOW, default_zone=default)
    assert isinstance(decision, NoDecision)
    assert decision.detail
    return decision.reason


def last_day(day: date | datetime | None = LAST_DAY, zone: str | None = "Asia/Riyadh") -> LifecycleEvent:
    return leaving(replace(ANA, last_day=day, time_zone=zone))


# When


def test_a_leaver_is_due_at_the_end_of_the_last_day_where_they_work() -> None:
    assert decided(last_day()) == Decision("p/r", SIX_IN_RIYADH, SIX_IN_RIYADH, "Asia/Riyadh")


def test_a_rule_may_end_the_day_at_another_hour() -> None:
    early = policy("on: leaver\naction: remove\nend_of_day: 12:00")
    assert decided(last_day(), early).due == SIX_IN_RIYADH - timedelta(hours=6)


def test_now_is_due_at_once_and_keeps_the_instant_of_hr() -> None:
    found = decided(last_day(), policy("on: leaver\naction: remove\nwhen: now\nurgent: true"))
    assert (found.due, found.effective, found.overdue, found.urgent) == (NOW, SIX_IN_RIYADH, False, True)


def test_a_late_entry_is_due_in_the_past_and_overdue_whatever_the_rule_says_of_when() -> None:
    for when in ("now", "end_of_last_day"):
        found = decided(last_day(date(2026, 10, 1)), policy(f"on: leaver\naction: remove\nwhen: {when}"))
        assert (found.due, found.overdue) == (datetime(2026, 10, 1, 15, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("late", "overdue"), [(timedelta(minutes=5), False), (timedelta(minutes=5, seconds=1), True)]
)
def test_five_minutes_late_is_not_yet_overdue(late: timedelta, *, overdue: bool) -> None:
    assert decided(last_day(NOW - late)).overdue is overdue


def test_a_departure_without_a_day_is_due_as_soon_as_known_and_not_overdue() -> None:
    found = decided(last_day(None, zone=None))
    assert (found.due, found.overdue, found.zone) == (NOW, False, "UTC")


def test_a_grace_of_days_ends_at_the_same_hour_although_clocks_changed_meanwhile() -> None:
    by = policy("on: leaver\naction: remove\nwhen: {after: 3 days}")
    found = decided(last_day(date(2026, 10, 23), "Europe/Berlin"), by)
    assert found.effective == datetime(2026, 10, 23, 16, tzinfo=UTC)
    assert found.due == datetime(2026, 10, 26, 17, tzinfo=UTC)


def test_a_grace_of_hours_or_after_an_instant_is_elapsed_time() -> None:
    hours = policy("on: leaver\naction: remove\nwhen: {after: 12 hours}")
    days = policy("on: leaver\naction: remove\nwhen: {after: 2 days}")
    assert decided(last_day(), hours).due == SIX_IN_RIYADH + timedelta(hours=12)
    assert decided(last_day(SIX_IN_RIYADH), days).due == SIX_IN_RIYADH + timedelta(days=2)
    assert decided(last_day(None), days).due == NOW + timedelta(days=2)


def test_a_grace_after_the_end_of_the_calendar_stays_inside_it() -> None:
    by = policy("on: leaver\naction: remove\nwhen: {after: 30 days}")
    assert decided(last_day(date.max), by).due.year == 9999


@pytest.mark.parametrize(("approve", "expected"), [("none", None), ("hr", "hr"), ("it", "it")])
def test_the_rule_names_who_must_approve(approve: str, expected: str | None) -> None:
    assert decided(last_day(), policy(f"on: leaver\naction: remove\napprove: {approve}")).approval == expected


# Why not


def test_a_day_without_any_time_zone_is_not_decided() -> None:
    assert refused(last_day(zone=None)) == "no_time_zone"
    assert decided(last_day(zone=None), default="Asia/Riyadh").due == SIX_IN_RIYADH


def test_an_unknown_time_zone_is_not_decided_even_with_a_default() -> None:
    assert refused(last_day(zone="Asia/Ryadh"), default="Asia/Riyadh") == "unknown_time_zone"


def test_an_event_no_rule_speaks_of_is_not_decided() -> None:
    assert refused(moving()) == "no_rule"


@pytest.mark.parametrize("kind", [EventKind.JOINER, EventKind.RETURN, EventKind.VANISHED])
def test_who_joins_returns_or_vanishes_loses_nothing_whatever_a_policy_says(kind: EventKind) -> None:
    assert refused(LifecycleEvent(kind, ANA), policy(f"on: {kind.value}\naction: keep")) == "no_action"


@pytest.mark.parametrize("kind", [EventKind.REHIRE, EventKind.RESCINDED, EventKind.LEAVE_OF_ABSENCE])
def test_a_rule_that_keeps_everything_makes_no_case(kind: EventKind) -> None:
    assert refused(LifecycleEvent(kind, ANA), policy(f"on: {kind.value}\naction: keep")) == "no_action"


def test_keeping_groups_but_ending_sessions_during_a_leave_is_a_case() -> None:
    by = policy("on: leave_of_absence\naction: keep\naccount: end_sessions")
    assert decided(LifecycleEvent(EventKind.LEAVE_OF_ABSENCE, ANA), by).rule == "p/r"


def test_a_leaver_who_keeps_everything_is_still_a_case_that_can_be_seen() -> None:
    assert decided(last_day(), policy("on: leaver\naction: keep")).rule == "p/r"


# Which rule


def test_the_first_rule_that_matches_wins() -> None:
    text = "version: 1\nrules:\n  - {id: a, on: mover, action: keep}\n  - {id: b, on: leaver, action: keep}\n"
    assert decided(last_day(), combine([load(text, "one.yaml"), PLAIN])).rule == "one/b"


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        ("exit_type: resignation", True),
        ("exit_type: [dismissal, resignation]", True),
        ("exit_type: dismissal", False),
        ("employment: employee", True),
        ("employment: contractor", False),
        ("match: {department: sales}", True),
        ("match: {department: finance}", False),
        ("exit_type: resignation\nemployment: contractor", False),
    ],
)
def test_a_rule_applies_when_everything_it_asks_is_true(asked: str, *, met: bool) -> None:
    event = leaving(
        replace(ANA, last_day=LAST_DAY, exit_type=ExitType.RESIGNATION, employment=Employment.EMPLOYEE)
    )
    by = policy(f"on: leaver\naction: remove\n{asked}")
    assert isinstance(decide(event, by, now=NOW, default_zone=None), Decision) is met


@pytest.mark.parametrize(
    ("after", "changed", "met"),
    [
        (Post("Finance", "EMEA", "Riyadh", "E1"), "department", True),
        (Post("Sales", "APAC", "Riyadh", "E1"), "[department, team]", True),
        (Post("Sales", "EMEA", "Jeddah", "E1"), "location", True),
        (Post("Sales", "EMEA", "Riyadh", "E2"), "manager", True),
        (Post("Sales", "EMEA", "Riyadh", "E2"), "[department, team, location]", False),
    ],
)
def test_a_mover_rule_looks_at_what_changed(after: Post, changed: str, *, met: bool) -> None:
    event = moving(before=Post("Sales", "EMEA", "Riyadh", "E1"), after=after)
    by = policy(f"on: mover\naction: remove\nchanged: {changed}")
    assert isinstance(decide(event, by, now=NOW, default_zone=None), Decision) is met


def test_a_mover_is_matched_by_the_post_that_is_left() -> None:
    assert decided(moving(), policy("on: mover\naction: remove\nmatch: {department: sales}")).rule == "p/r"
    moved = moving(replace(ANA, post=FINANCE))
    assert refused(moved, policy("on: mover\naction: remove\nmatch: {department: finance}")) == "no_rule"


@given(st.dates(), st.sampled_from(["now", "end_of_last_day", "{after: 3 days}", "{after: 5 hours}"]))
def test_no_day_is_due_before_hr_meant_it_unless_the_rule_says_now(day: date, when: str) -> None:
    found = decided(last_day(day), policy(f"on: leaver\naction: remove\nwhen: {when}"))
    assert found.due >= found.effective or when == "now"
    assert found.due <= NOW or when != "now"
    assert found.overdue == (found.due < NOW - timedelta(minutes=5))
