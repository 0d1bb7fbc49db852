"""The rule of recipients, for whatever a registry, a directory or a case may say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notices.recipients import Destination, Subject, is_present, may_act, may_be_reached, who_may
from policies.model import Person, PersonStatus

IDS = st.sampled_from(["E1", "E2", "E3", "E7"])
ACCOUNTS = st.sampled_from(["U1", "U2", "U7"])
INSTANCES = st.sampled_from(["hq", "lab"])
subjects = st.builds(
    Subject, IDS, st.frozensets(st.tuples(INSTANCES, ACCOUNTS)), st.frozensets(IDS, max_size=2)
)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@given(st.lists(st.none() | IDS), subjects, st.frozensets(IDS))
def test_the_subject_is_never_a_recipient_whatever_the_registry_says(
    registry_says: list[str | None], subject: Subject, present: frozenset[str]
) -> None:
    assert not subject.people & set(who_may(registry_says, subject, present))
    assert not may_act(subject.person_id, subject, present | {subject.person_id})


@given(st.lists(st.none() | IDS), subjects, st.frozensets(IDS))
def test_nobody_who_is_gone_or_unknown_is_a_recipient_and_everybody_else_listed_is_in_order(
    registry_says: list[str | None], subject: Subject, present: frozenset[str]
) -> None:
    may = who_may(registry_says, subject, present)
    assert set(may) == (present - subject.people) & set(registry_says)
    assert list(may) == sorted(may, key=registry_says.index)


@given(
    person=IDS, subject=subjects, instance=INSTANCES, account=ACCOUNTS, readers=st.frozensets(IDS, max_size=3)
)
def test_an_address_of_the_subject_or_one_they_read_is_never_written_to(
    person: str, subject: Subject, instance: str, account: str, readers: frozenset[str]
) -> None:
    may = may_be_reached(Destination(person, instance, account), subject, readers)
    theirs = (instance, account) in subject.accounts
    about = {subject.person_id, *subject.besides}
    assert may is not (person in about or not about.isdisjoint(readers) or theirs)


@pytest.mark.parametrize(
    ("person", "present"),
    [
        (None, False),
        (Person("E1", "A", status=PersonStatus.TERMINATED), False),
        (Person("E1", "A", status=PersonStatus.ON_LEAVE), True),
        (Person("E1", "A"), True),
        (Person("E1", "A", last_day=NOW), False),
        (Person("E1", "A", last_day=NOW + timedelta(seconds=1)), True),
        (Person("E1", "A", last_day=date(2026, 11, 20), time_zone="Asia/Riyadh"), False),
        (Person("E1", "A", last_day=date(2026, 11, 20), time_zone="America/New_York"), True),
        (Person("E1", "A", last_day=date(2026, 11, 20), time_zone="Moon/Base"), True),
    ],
    ids=[
        "nobody HR knows",
        "terminated",
        "on leave",
        "active",
        "at the last moment",
        "a second before it",
        "the day ended in Riyadh at 18:00, which is 15:00 UTC",
        "the day goes on in New York",
        "an unknown zone counts as the default",
    ],
)
def test_who_is_with_the_company_at_an_instant(person: Person | None, present: bool) -> None:
    assert is_present(person, NOW) is present
