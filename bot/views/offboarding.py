"""A new offboarding, step by step: whom, what they would lose, when exactly, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.casework import LEAVING
from bot.holds import first_run_is_open
from bot.locale.digits import western
from bot.states import CASE_OPEN, CaseState
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, PersonRow
from bot.values import event_to_plain
from bot.views.case_lines import CaseLine, by_due, case_line
from bot.views.losses import Losses, losses
from connectors.hr.records import person_from_json
from policies.instants import UnknownTimeZone, local_instant, zone_of
from policies.model import Employment, EventKind, ExitType, LifecycleEvent, Person, PersonStatus
from policies.plan import Decision, NoDecision, decide
from policies.roles import Permission

MOST_FOUND = 20
DRAFT = "case_to_be"
"""The id of a case that is only thought of."""


class NobodyThere(LookupError):
    """HR has named nobody with this employee id; also said of the reader's own."""


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody a search found: to choose from, never to act on by name."""

    id: str
    name: str
    email: str
    department: str
    gone: bool
    """HR says that they have left."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found, by name; `more` where it found too many to show."""

    people: tuple[Found, ...]
    more: bool
    exact: Found | None = None
    """Whose employee id it is, or whose address and nobody else's."""

    @property
    def meant(self) -> Found | None:
        """Who is meant beyond doubt: found exactly, or found alone."""
        alone = len(self.people) == 1 and not self.more
        return self.exact or (self.people[0] if alone else None)


class ZoneFrom(StrEnum):
    """Where the time zone of a last day comes from."""

    PERSON = "person"
    DEFAULT = "default"
    NOWHERE = "nowhere"
    """Neither the person nor the settings name one: somebody must choose."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be offboarded, as HR's record has them; asks no platform."""

    id: str
    name: str
    email: str
    department: str
    manager: str
    """Their manager's name."""
    last_day: date | datetime | None
    """As HR's file says it."""
    gone: bool
    contractor: bool
    zone: str
    """Empty where `zone_from` is `nowhere`."""
    zone_from: ZoneFrom
    standing: tuple[CaseLine, ...]
    """Departures that are open already, the next due first."""
    observing: bool
    """The first run is not released: a new case will wait for that."""


@dataclass(frozen=True, slots=True)
class When:
    """What a last day comes to: the instant, by which rule, and who must approve."""

    effective: datetime
    due: datetime
    zone: str
    rule: str
    approval: str | None
    urgent: bool
    past: bool
    """Access ends at once: the instant is over already."""


@dataclass(frozen=True, slots=True)
class WrongWhen:
    """Why no instant can be said: a stable key, and the field it is about."""

    why: str
    """no_day | bad_day | bad_time | no_zone | bad_zone | far | no_rule"""
    field: str
    """last_day | time | zone"""
    suggestion: str = ""
    """The nearest known name of a zone."""


@dataclass(frozen=True, slots=True)
class Wish:
    """When somebody leaves, as typed: a day, perhaps a time of that day, in a zone."""

    last_day: str = ""
    time: str = ""
    zone: str = ""
    exit_type: ExitType = ExitType.UNSTATED


async def find(app: Bawab, who: Actor, text: str) -> Search:
    """Find people by employee id, e-mail address or part of a name, never the reader; raises NotAllowed."""
    who.must(Permission.PERSON_READ)
    sought = text.strip()
    if not sought:
        return Search((), more=False)
    people = columns(PersonRow)
    named = or_(
        people.id == sought,
        func.lower(people.email) == sought.lower(),
        people.name.icontains(sought, autoescape=True),
    )
    chosen = select(table(PersonRow)).where(named, people.id != who.id)
    # An id is exact: it stands first, whatever the name.
    ordered = chosen.order_by(people.id != sought, people.name, people.id).limit(MOST_FOUND + 1)
    async with app.store.read() as tx:
        found = await all_of(tx, PersonRow, ordered)
    shown = tuple(_found(row) for row in found[:MOST_FOUND])
    return Search(shown, more=len(found) > MOST_FOUND, exact=_exact(shown, sought))


def _exact(people: Sequence[Found], sought: str) -> Found | None:
    """An id is one person's; of an address that two people share nobody knows whose it is."""
    by_id = [one for one in people if one.id == sought]
    by_address = [one for one in people if one.email.casefold() == sought.casefold()]
    return by_id[0] if by_id else by_address[0] if len(by_address) == 1 else None


def _found(row: PersonRow) -> Found:
    person = person_from_json(row.record)
    gone = person.status is PersonStatus.TERMINATED
    return Found(row.id, row.name or row.id, row.email or "", person.post.department or "", gone)


async def candidate(app: Bawab, who: Actor, person_id: str) -> Candidate:
    """Give what HR knows of somebody, and the zone their day ends in; raises NotAllowed, NobodyThere."""
    _may_begin(who)
    async with app.store.read() as tx:
        person = await _person(tx, who, person_id)
        cases = columns(CaseRow)
        mine = [cases.person_id == person.id, cases.kind.in_(LEAVING), cases.state.in_(CASE_OPEN)]
        standing = [case_line(app, who, row) for row in await where(tx, CaseRow, *mine)]
        manager = await one(tx, PersonRow, columns(PersonRow).id == (person.post.manager_id or ""))
        observing = await first_run_is_open(tx)
    zone, source = _zone(app, person)
    return Candidate(
        id=person.id,
        name=person.name or person.id,
        email=person.email or "",
        department=person.post.department or "",
        manager=manager.name if manager else "",
        last_day=person.last_day,
        gone=person.status is PersonStatus.TERMINATED,
        contractor=person.employment is Employment.CONTRACTOR,
        zone=zone,
        zone_from=source,
        standing=tuple(sorted(standing, key=by_due)),
        observing=observing,
    )


def _may_begin(who: Actor) -> None:
    """HR plans a departure; in an emergency others may end somebody's access, and must see what they do."""
    if not who.may(Permission.CASE_REVOKE_NOW):
        who.must(Permission.CASE_OPEN)


async def _person(tx: AsyncConnection, who: Actor, person_id: str) -> Person:
    row = await one(tx, PersonRow, columns(PersonRow).id == person_id)
    if row is None or row.id == who.id:
        raise NobodyThere(f"HR has named nobody with the employee id {person_id!r}")
    return person_from_json(row.record)


def _zone(app: Bawab, person: Person) -> tuple[str, ZoneFrom]:
    if person.time_zone:
        return person.time_zone, ZoneFrom.PERSON
    default = app.settings.time_zone
    return (default, ZoneFrom.DEFAULT) if default else ("", ZoneFrom.NOWHERE)


async def when(app: Bawab, who: Actor, person_id: str, wish: Wish) -> When | WrongWhen:
    """Say what a wish comes to by today's policy; opens nothing. Raises NotAllowed, NobodyThere."""
    row = await _imagined(app, who, person_id, wish)
    if isinstance(row, WrongWhen):
        return row
    if row.due is None or row.effective is None:
        return WrongWhen("no_rule", "last_day")
    return When(
        effective=row.effective,
        due=row.due,
        zone=row.zone or who.zone,
        rule=row.rule,
        approval=row.approval,
        urgent=row.urgent,
        past=row.due <= app.now(),
    )


async def offer(app: Bawab, who: Actor, person_id: str, wish: Wish | None = None) -> Losses | WrongWhen:
    """Read every platform and say what somebody would lose by this wish (none: at once); opens nothing."""
    row = await _imagined(app, who, person_id, wish)
    return row if isinstance(row, WrongWhen) else await losses(app, who, row)


async def _imagined(app: Bawab, who: Actor, person_id: str, wish: Wish | None) -> CaseRow | WrongWhen:
    """Make the case that would be opened, without opening it: the same decision, the same plan."""
    _may_begin(who)
    async with app.store.read() as tx:
        person = await _person(tx, who, person_id)
    last_day = None if wish is None else read_wish(wish)
    if isinstance(last_day, WrongWhen):
        return last_day
    exit_type = ExitType.UNSTATED if wish is None else wish.exit_type
    zone = person.time_zone if wish is None else wish.zone
    leaving = replace(person, last_day=last_day, exit_type=exit_type, time_zone=zone)
    kind = EventKind.CONTRACTOR_END if person.employment is Employment.CONTRACTOR else EventKind.LEAVER
    event = LifecycleEvent(kind, leaving, effective=last_day)
    now = app.now()
    decided = decide(event, app.shelf.current, now=now, default_zone=app.settings.time_zone)
    if isinstance(decided, NoDecision):
        return _undecided(decided)
    return _row(app, event, decided)


def _undecided(decided: NoDecision) -> WrongWhen:
    if decided.reason == "unknown_time_zone":
        return WrongWhen("bad_zone", "zone")
    return (
        WrongWhen("no_zone", "zone") if decided.reason == "no_time_zone" else WrongWhen("no_rule", "last_day")
    )


def _row(app: Bawab, event: LifecycleEvent, decided: Decision) -> CaseRow:
    now = app.now()
    return CaseRow(
        id=DRAFT,
        event_key="",
        person_id=event.person.id,
        kind=event.kind,
        exit_type=event.person.exit_type,
        event=event_to_plain(event),
        rule=decided.rule,
        policy_digest=app.shelf.current.digest,
        state=CaseState.RECEIVED,
        effective=decided.effective,
        due=decided.due,
        zone=decided.zone,
        approval=decided.approval,
        urgent=decided.urgent,
        created_at=now,
        updated_at=now,
    )


def read_wish(wish: Wish) -> date | datetime | WrongWhen:
    """Read a day, or with a time an aware instant in the wish's zone; else why not."""
    if not wish.last_day.strip():
        return WrongWhen("no_day", "last_day")
    try:
        day = date.fromisoformat(western(wish.last_day.strip()))
    except ValueError:
        return WrongWhen("bad_day", "last_day")
    try:
        zone = zone_of(wish.zone.strip()) if wish.zone.strip() else None
    except UnknownTimeZone as error:
        return WrongWhen("bad_zone", "zone", error.suggestion or "")
    if zone is None:
        return WrongWhen("no_zone", "zone")
    if not wish.time.strip():
        return day
    try:
        clock = time.fromisoformat(western(wish.time.strip()))
    except ValueError:
        return WrongWhen("bad_time", "time")
    return local_instant(datetime.combine(day, clock.replace(tzinfo=None)), zone)
