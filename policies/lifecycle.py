"""From two states of one HR record to what happened to the person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta

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

_LEAVING = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END})


def change(before: Person | None, after: Person | None, now: datetime) -> tuple[LifecycleEvent, ...]:
    """Say what happened between two states of one record; `now` tells past last days from coming ones.

    Absence is never a departure: a record that is no longer there is `vanished`. Leaving wins over moving
    in the same change. A rescinded event names what was withdrawn: a last day (`effective`, no posts) or an
    announced post (`effective`, `before` and `after`). A new date, a new post or a departure replaces what
    was announced before, and is the only news. A move that comes true as announced is no news either.

    Raises ValueError where the two states are of two people.
    """
    if before is None:
        return () if after is None else tuple(_first_seen(after))
    if after is None:
        return (LifecycleEvent(EventKind.VANISHED, before),)
    if before.id != after.id:
        raise ValueError(f"two people cannot be one change: {before.id!r} and {after.id!r}")
    return () if before == after else tuple(_changed(before, after, now))


def event_key(event: LifecycleEvent) -> str:
    """Digest what names this event of this person, so that the same news twice makes one case.

    Compare it with cases that are still open, or that ended since the person was last rehired: somebody who
    leaves a second time with no last day stated has the same key as the first time.
    """
    leaving = event.kind in _LEAVING
    parts = [
        "event/1",
        event.kind.value,
        event.person.id,
        _spelled(event.effective),
        event.person.exit_type.value if leaving else None,
        None if event.before is None else astuple(event.before),
        None if event.after is None else astuple(event.after),
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _spelled(effective: date | datetime | None) -> str | None:
    if isinstance(effective, datetime) and effective.tzinfo is not None:
        return effective.astimezone(UTC).isoformat()
    return None if effective is None else effective.isoformat()


def _first_seen(person: Person) -> Iterator[LifecycleEvent]:
    if _leaving(person):
        yield _leaver(person, first_seen=True)
        return
    on_leave = person.status is PersonStatus.ON_LEAVE
    kind = EventKind.LEAVE_OF_ABSENCE if on_leave else EventKind.JOINER
    yield LifecycleEvent(kind, person, first_seen=True)
    yield from _announced(person, first_seen=True)


def _changed(before: Person, after: Person, now: datetime) -> Iterator[LifecycleEvent]:
    was_gone = before.status is PersonStatus.TERMINATED
    if after.status is PersonStatus.TERMINATED:
        if not was_gone or _departure(before) != _departure(after):
            yield _leaver(after)
    elif was_gone:
        yield from _came_back(before, after, now)
    else:
        yield from _stayed(before, after)


def _came_back(before: Person, after: Person, now: datetime) -> Iterator[LifecycleEvent]:
    """Terminated before, not any more: a departure called off, or somebody hired again."""
    if before.last_day is not None and not _past(before.last_day, now):
        yield from _stayed(before, after)
        return
    yield LifecycleEvent(EventKind.REHIRE, after)
    if after.last_day is not None and after.last_day != before.last_day:
        yield _leaver(after)
        return
    yield from _announced(after)


def _stayed(before: Person, after: Person) -> Iterator[LifecycleEvent]:
    leaving = tuple(_departure_changed(before, after))
    yield from leaving
    yield from _absence(before.status, after)
    if not any(event.kind in _LEAVING for event in leaving):
        yield from tuple(_moved(before, after)) or _withdrawn(before, after)


def _absence(was: PersonStatus, after: Person) -> Iterator[LifecycleEvent]:
    on_leave = PersonStatus.ON_LEAVE
    if was is not on_leave and after.status is on_leave:
        yield LifecycleEvent(EventKind.LEAVE_OF_ABSENCE, after)
    elif was is on_leave and after.status is not on_leave:
        yield LifecycleEvent(EventKind.RETURN, after)


def _departure_changed(before: Person, after: Person) -> Iterator[LifecycleEvent]:
    if after.last_day is not None:
        if _departure(before) != _departure(after):
            yield _leaver(after)
    elif before.last_day is not None:
        yield LifecycleEvent(EventKind.RESCINDED, after, effective=before.last_day)


def _withdrawn(before: Person, after: Person) -> Iterator[LifecycleEvent]:
    """An announced post that is gone from the record without having come true."""
    old = before.upcoming
    if old is not None and after.upcoming != old and old.post not in (before.post, after.post):
        yield LifecycleEvent(
            EventKind.RESCINDED, after, before=before.post, after=old.post, effective=old.effective
        )


def _moved(before: Person, after: Person) -> Iterator[LifecycleEvent]:
    foretold = before.upcoming is not None and before.upcoming.post == after.post
    moved = before.post != after.post
    if moved and not foretold:
        yield _mover(after, before.post, after.post, None)
    if after.upcoming != before.upcoming or moved:
        yield from _announced(after)


def _announced(person: Person, *, first_seen: bool = False) -> Iterator[LifecycleEvent]:
    if person.upcoming is not None and person.upcoming.post != person.post:
        yield _mover(person, person.post, person.upcoming.post, person.upcoming, first_seen=first_seen)


def _mover(
    person: Person, left: Post, taken: Post, news: UpcomingPost | None, *, first_seen: bool = False
) -> LifecycleEvent:
    effective = None if news is None else news.effective
    return LifecycleEvent(
        EventKind.MOVER, person, before=left, after=taken, effective=effective, first_seen=first_seen
    )


def _leaver(person: Person, *, first_seen: bool = False) -> LifecycleEvent:
    contractor = person.employment is Employment.CONTRACTOR
    kind = EventKind.CONTRACTOR_END if contractor else EventKind.LEAVER
    return LifecycleEvent(kind, person, effective=person.last_day, first_seen=first_seen)


def _leaving(person: Person) -> bool:
    return person.status is PersonStatus.TERMINATED or person.last_day is not None


def _departure(person: Person) -> tuple[date | datetime | None, ExitType]:
    """What makes one departure: a dismissal is other news than the resignation it replaces."""
    return person.last_day, person.exit_type


def _past(last_day: date | datetime, now: datetime) -> bool:
    """A day is past once it is over everywhere on Earth (UTC-12)."""
    if isinstance(last_day, datetime):
        return last_day.replace(tzinfo=last_day.tzinfo or UTC) < now
    return last_day < (now.astimezone(UTC) - timedelta(hours=12)).date()
