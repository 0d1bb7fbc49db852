"""Who is told: the pure rule by which no notice and no task ever reaches its own subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from policies.instants import END_OF_DAY, UnknownTimeZone, instant_of
from policies.model import Person, PersonStatus


@dataclass(frozen=True, slots=True)
class Destination:
    """One person at one account; what a notice is addressed to."""

    person_id: str
    instance: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The person a case is about: their id, and every account that is, or may be, theirs.

    A question about many, or news of several cases, is about all of them: `besides` are the others' ids.
    """

    person_id: str
    accounts: frozenset[tuple[str, str]] = frozenset()
    besides: frozenset[str] = frozenset()

    @property
    def people(self) -> frozenset[str]:
        """Everybody it is about."""
        return self.besides | {self.person_id}


def may_act(person_id: str | None, subject: Subject, present: Collection[str]) -> bool:
    """Say whether somebody may be told of, or asked to do, a part of the case.

    `present` holds the ids of the people who are with the company now; everybody else has left or was never
    known, and the subject never may, whatever a registry says.
    """
    return person_id is not None and person_id not in subject.people and person_id in present


def who_may(candidates: Iterable[str | None], subject: Subject, present: Collection[str]) -> tuple[str, ...]:
    """Give the candidates who may be told or asked, each once, in their order."""
    able = [one for one in candidates if one is not None and may_act(one, subject, present)]
    return tuple(dict.fromkeys(able))


def may_be_reached(to: Destination, subject: Subject, readers: Collection[str] = ()) -> bool:
    """Say whether a message about the subject may go to an address: not theirs, and not read by them there.

    `readers` are all who read what is posted to that channel, where that is more than one person.
    """
    if subject.people & {to.person_id, *readers}:
        return False
    return (to.instance, to.account_id) not in subject.accounts


def is_present(person: Person | None, now: datetime, default_zone: str = "UTC") -> bool:
    """Say whether somebody is with the company at an instant; an unknown person is not."""
    if person is None or person.status is PersonStatus.TERMINATED:
        return False
    return person.last_day is None or now < _last_moment(person, now, default_zone)


def _last_moment(person: Person, now: datetime, default_zone: str) -> datetime:
    try:
        return instant_of(
            person.last_day, zone=person.time_zone, default_zone=default_zone, now=now, end_of_day=END_OF_DAY
        ).at
    except UnknownTimeZone:
        return instant_of(
            person.last_day, zone=None, default_zone=default_zone, now=now, end_of_day=END_OF_DAY
        ).at
