"""What two states of one HR record say happened; absence is never a departure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.lifecycle import change, event_key
from policies.model import (
    Employment,
    EventKind,
    ExitType,
    LifecycleEvent,
    Person,
    PersonStatus,
    Post,
    UpcomingPost,
)
from tests.policies.builders import ANA, FINANCE, NOW, SALES

LAST_DAY = date(2026, 11, 20)
PAST_DAY = date(2026, 10, 1)
NEXT_MONTH = date(2026, 12, 1)
LEGAL = Post(department="Legal")
GONE = replace(ANA, status=PersonStatus.TERMINATED)
ON_LEAVE = replace(ANA, status=PersonStatus.ON_LEAVE)
LEAVING = replace(ANA, last_day=LAST_DAY)
TO_FINANCE = replace(ANA, upcoming=UpcomingPost(NEXT_MONTH, FINANCE))
LEAVERS = {EventKind.LEAVER, EventKind.CONTRACTOR_END}


def happened(before: Person | None, after: Person | None) -> list[EventKind]:
    return [event.kind for event in change(before, after, NOW)]


def only(before: Person | None, after: Person | None) -> LifecycleEvent:
    (event,) = change(before, after, NOW)
    return event


def test_nothing_before_and_nothing_after_is_nothing() -> None:
    assert happened(None, None) == []


def test_two_people_are_never_one_change() -> None:
    with pytest.raises(ValueError, match="two people"):
        change(ANA, replace(ANA, id="E8"), NOW)


# First seen


def test_somebody_first_seen_at_work_is_a_joiner() -> None:
    event = only(None, ANA)
    assert (event.kind, event.first_seen) == (EventKind.JOINER, True)


def test_somebody_first_seen_as_gone_is_a_leaver_first_seen() -> None:
    event = only(None, replace(GONE, last_day=PAST_DAY))
    assert (event.kind, event.first_seen, event.effective) == (EventKind.LEAVER, True, PAST_DAY)


@pytest.mark.parametrize("day", [LAST_DAY, PAST_DAY])
def test_somebody_first_seen_with_a_last_day_is_a_leaver_first_seen(day: date) -> None:
    event = only(None, replace(ANA, last_day=day))
    assert (event.kind, event.first_seen, event.effective) == (EventKind.LEAVER, True, day)


def test_somebody_first_seen_on_leave_is_on_leave() -> None:
    assert only(None, ON_LEAVE) == LifecycleEvent(EventKind.LEAVE_OF_ABSENCE, ON_LEAVE, first_seen=True)


def test_a_transfer_announced_when_somebody_is_first_seen_is_not_lost() -> None:
    joined, moved = change(None, TO_FINANCE, NOW)
    assert joined.kind is EventKind.JOINER
    assert (moved.kind, moved.after, moved.effective, moved.first_seen) == (
        EventKind.MOVER,
        FINANCE,
        NEXT_MONTH,
        True,
    )


# Leaving


def test_who_is_no_longer_in_the_feed_has_vanished_and_has_not_left() -> None:
    assert happened(ANA, None) == [EventKind.VANISHED]


def test_a_status_of_terminated_is_a_leaver_as_soon_as_known() -> None:
    assert only(ANA, GONE) == LifecycleEvent(EventKind.LEAVER, GONE)


@pytest.mark.parametrize("day", [LAST_DAY, PAST_DAY])
def test_a_last_day_is_a_leaver_on_that_day_past_or_coming(day: date) -> None:
    after = replace(ANA, last_day=day)
    assert only(ANA, after) == LifecycleEvent(EventKind.LEAVER, after, effective=day)


def test_a_contractor_who_leaves_ends_a_contract() -> None:
    contractor = replace(ANA, employment=Employment.CONTRACTOR)
    assert happened(contractor, replace(contractor, last_day=LAST_DAY)) == [EventKind.CONTRACTOR_END]


def test_a_last_day_that_changes_is_a_new_leaver_event() -> None:
    assert only(LEAVING, replace(LEAVING, last_day=NEXT_MONTH)).effective == NEXT_MONTH
    assert only(replace(GONE, last_day=LAST_DAY), replace(GONE, last_day=PAST_DAY)).effective == PAST_DAY


def test_a_resignation_that_becomes_a_dismissal_is_news() -> None:
    event = only(LEAVING, replace(LEAVING, exit_type=ExitType.DISMISSAL))
    assert event.kind is EventKind.LEAVER
    assert event_key(event) != event_key(only(ANA, LEAVING))


def test_an_announced_leaver_who_is_then_terminated_is_the_same_news() -> None:
    announced = only(ANA, LEAVING)
    came_true = only(LEAVING, replace(LEAVING, status=PersonStatus.TERMINATED))
    assert event_key(announced) == event_key(came_true)


def test_leaving_wins_over_moving_in_the_same_change() -> None:
    moved = replace(LEAVING, post=FINANCE, upcoming=UpcomingPost(NEXT_MONTH, LEGAL))
    assert happened(ANA, moved) == [EventKind.LEAVER]
    assert happened(ANA, replace(GONE, post=FINANCE)) == [EventKind.LEAVER]


def test_reorganising_people_who_left_is_no_event() -> None:
    assert happened(GONE, replace(GONE, post=FINANCE)) == []


def test_leaving_and_going_on_leave_are_both_told() -> None:
    garden = replace(LEAVING, status=PersonStatus.ON_LEAVE)
    assert happened(ANA, garden) == [EventKind.LEAVER, EventKind.LEAVE_OF_ABSENCE]


# Coming back


def test_a_last_day_withdrawn_is_rescinded() -> None:
    assert only(LEAVING, ANA) == LifecycleEvent(EventKind.RESCINDED, ANA, effective=LAST_DAY)


@pytest.mark.parametrize("day", [LAST_DAY, datetime(2026, 11, 20, 18, tzinfo=UTC)])
def test_a_termination_withdrawn_before_its_day_is_rescinded(day: date) -> None:
    assert happened(replace(GONE, last_day=day), ANA) == [EventKind.RESCINDED]


@pytest.mark.parametrize("day", [PAST_DAY, datetime(2026, 10, 1, 18, tzinfo=UTC), None])
def test_somebody_who_had_left_and_works_again_is_a_rehire(day: date | None) -> None:
    assert happened(replace(GONE, last_day=day), ANA) == [EventKind.REHIRE]


def test_a_rehire_whose_old_last_day_was_left_in_the_record_does_not_leave_again() -> None:
    assert happened(replace(GONE, last_day=PAST_DAY), replace(ANA, last_day=PAST_DAY)) == [EventKind.REHIRE]


def test_a_rehire_with_a_new_last_day_will_leave_again() -> None:
    events = change(replace(GONE, last_day=PAST_DAY), LEAVING, NOW)
    assert [event.kind for event in events] == [EventKind.REHIRE, EventKind.LEAVER]
    assert events[1].effective == LAST_DAY


def test_a_rehire_into_another_post_is_no_move_but_an_announced_one_is() -> None:
    assert happened(GONE, replace(ANA, post=FINANCE)) == [EventKind.REHIRE]
    assert happened(GONE, TO_FINANCE) == [EventKind.REHIRE, EventKind.MOVER]


def test_a_status_that_wavers_while_the_last_day_stands_changes_nothing() -> None:
    assert happened(replace(GONE, last_day=LAST_DAY), LEAVING) == []


def test_a_day_is_past_only_when_it_is_over_everywhere() -> None:
    yesterday = replace(GONE, last_day=NOW.date() - timedelta(days=1))
    early = datetime(2026, 11, 1, 11, 59, tzinfo=UTC)
    assert [event.kind for event in change(yesterday, ANA, early)] == [EventKind.RESCINDED]
    assert [event.kind for event in change(yesterday, ANA, early + timedelta(minutes=1))] == [
        EventKind.REHIRE
    ]


def test_leave_and_return() -> None:
    assert happened(ANA, ON_LEAVE) == [EventKind.LEAVE_OF_ABSENCE]
    assert happened(ON_LEAVE, ANA) == [EventKind.RETURN]


def test_a_termination_called_off_into_leave_is_both() -> None:
    assert happened(replace(GONE, last_day=LAST_DAY), ON_LEAVE) == [
        EventKind.RESCINDED,
        EventKind.LEAVE_OF_ABSENCE,
    ]


# Moving


@pytest.mark.parametrize(
    "post",
    [
        FINANCE,
        replace(SALES, team="EMEA"),
        replace(SALES, location="Riyadh"),
        replace(SALES, manager_id="E1"),
    ],
)
def test_any_part_of_a_post_that_changes_is_a_move(post: Post) -> None:
    event = only(ANA, replace(ANA, post=post))
    assert (event.kind, event.before, event.after, event.effective) == (EventKind.MOVER, SALES, post, None)


def test_an_announced_transfer_is_a_move_on_its_day() -> None:
    event = only(ANA, TO_FINANCE)
    assert (event.before, event.after, event.effective) == (SALES, FINANCE, NEXT_MONTH)


def test_a_transfer_that_comes_true_as_announced_is_no_news_at_once_or_later() -> None:
    came_true = replace(ANA, post=FINANCE)
    not_yet_cleared = replace(TO_FINANCE, post=FINANCE)
    assert happened(TO_FINANCE, came_true) == []
    assert happened(TO_FINANCE, not_yet_cleared) == []
    assert happened(not_yet_cleared, came_true) == []


def test_a_transfer_that_comes_true_while_the_next_is_announced_tells_only_the_next() -> None:
    event = only(TO_FINANCE, replace(ANA, post=FINANCE, upcoming=UpcomingPost(NEXT_MONTH, LEGAL)))
    assert (event.before, event.after) == (FINANCE, LEGAL)


def test_an_announced_transfer_withdrawn_is_rescinded_and_names_the_posts() -> None:
    event = only(TO_FINANCE, ANA)
    assert (event.kind, event.before, event.after, event.effective) == (
        EventKind.RESCINDED,
        SALES,
        FINANCE,
        NEXT_MONTH,
    )


def test_an_announced_transfer_put_off_is_one_new_move_with_another_key() -> None:
    later = replace(ANA, upcoming=UpcomingPost(date(2027, 1, 1), FINANCE))
    event = only(TO_FINANCE, later)
    assert event.effective == date(2027, 1, 1)
    assert event_key(event) != event_key(only(ANA, TO_FINANCE))


def test_a_move_elsewhere_replaces_the_announced_one() -> None:
    event = only(TO_FINANCE, replace(ANA, post=LEGAL))
    assert (event.kind, event.before, event.after) == (EventKind.MOVER, SALES, LEGAL)


def test_a_move_now_before_an_announced_one_tells_both_so_that_neither_post_keeps_its_groups() -> None:
    now, later = change(TO_FINANCE, replace(TO_FINANCE, post=LEGAL), NOW)
    assert (now.before, now.after) == (SALES, LEGAL)
    assert (later.before, later.after, later.effective) == (LEGAL, FINANCE, NEXT_MONTH)


def test_announcing_the_post_somebody_already_has_is_no_move() -> None:
    assert happened(ANA, replace(ANA, upcoming=UpcomingPost(NEXT_MONTH, SALES))) == []


@pytest.mark.parametrize(
    "after",
    [
        replace(ANA, name="Ana María"),
        replace(ANA, email="a.q@example.org"),
        replace(ANA, language="ar"),
        replace(ANA, phone="+966501234567"),
        replace(ANA, exit_type=ExitType.RESIGNATION),
        replace(ANA, employment=Employment.CONTRACTOR),
    ],
)
def test_a_new_name_address_or_language_is_no_event(after: Person) -> None:
    assert happened(ANA, after) == []


# Keys


def test_the_same_instant_written_in_two_zones_has_one_key() -> None:
    in_riyadh = datetime(2026, 11, 20, 18, tzinfo=timezone(timedelta(hours=3)))
    keys = {
        event_key(only(ANA, replace(ANA, last_day=day))) for day in (in_riyadh, in_riyadh.astimezone(UTC))
    }
    assert len(keys) == 1


def test_keys_tell_people_kinds_days_and_posts_apart_and_nothing_else() -> None:
    events = [
        only(ANA, LEAVING),
        only(ANA, replace(LEAVING, last_day=NEXT_MONTH)),
        only(replace(ANA, id="E8"), replace(LEAVING, id="E8")),
        only(ANA, GONE),
        only(ANA, replace(ANA, post=FINANCE)),
        only(ANA, replace(ANA, post=LEGAL)),
        only(LEAVING, ANA),
    ]
    assert len({event_key(event) for event in events}) == len(events)
    assert event_key(events[0]) == event_key(replace(events[0], first_seen=True))
    renamed = replace(LEAVING, name="Ana María", email="new@example.org")
    assert event_key(events[0]) == event_key(replace(events[0], person=renamed))


# For all records

posts = st.builds(
    Post,
    department=st.sampled_from([None, "Sales", "Finance"]),
    team=st.sampled_from([None, "EMEA"]),
    manager_id=st.sampled_from([None, "E1"]),
)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
moments = days | st.datetimes(timezones=st.just(UTC))
people = st.builds(
    Person,
    id=st.just("E7"),
    name=st.sampled_from(["Ana", "آنا"]),
    status=st.sampled_from(PersonStatus),
    employment=st.sampled_from(Employment),
    post=posts,
    upcoming=st.none() | st.builds(UpcomingPost, days, posts),
    last_day=st.none() | moments,
    exit_type=st.sampled_from(ExitType),
)


@given(people)
def test_a_record_that_did_not_change_says_nothing(person: Person) -> None:
    assert change(person, replace(person), NOW) == ()


@given(people, people)
def test_the_same_two_records_always_say_the_same(before: Person, after: Person) -> None:
    first = change(before, after, NOW)
    assert first == change(before, after, NOW)
    assert [event_key(event) for event in first] == [event_key(event) for event in change(before, after, NOW)]


@given(people)
def test_a_record_that_is_gone_is_vanished_and_never_a_leaver(before: Person) -> None:
    assert happened(before, None) == [EventKind.VANISHED]


@given(people, people)
def test_leaving_wins_over_moving_for_all_records(before: Person, after: Person) -> None:
    kinds = happened(before, after)
    assert not (set(kinds) & LEAVERS and EventKind.MOVER in kinds)


@given(people, people)
def test_nobody_leaves_whose_record_neither_says_so_nor_names_a_last_day(
    before: Person, after: Person
) -> None:
    if after.status is not PersonStatus.TERMINATED and after.last_day is None:
        assert not set(happened(before, after)) & LEAVERS


@given(people, people)
def test_who_is_newly_terminated_always_makes_a_leaver(before: Person, after: Person) -> None:
    if before.status is not PersonStatus.TERMINATED and after.status is PersonStatus.TERMINATED:
        assert set(happened(before, after)) <= LEAVERS
        assert len(happened(before, after)) == 1


@given(people, people)
def test_one_change_never_gives_two_events_with_one_key(before: Person, after: Person) -> None:
    keys = [event_key(event) for event in change(before, after, NOW)]
    assert len(keys) == len(set(keys))


@given(people, people)
def test_every_event_is_about_the_record_as_it_is_now(before: Person, after: Person) -> None:
    assert all(event.person == after for event in change(before, after, NOW))
