"""A case made by hand: a lifecycle event of somebody HR knows, through the same guards as a feed's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import LEAVING, Opening, cancel, open_case
from bot.holds import first_run_is_open, gate
from bot.people.who import goes_by, the_person
from bot.states import CASE_OPEN
from bot.store.query import add, columns, new_id, one, where
from bot.store.tables import CaseRow, HoldRow, PersonRow, RunRow
from bot.values import event_from_plain
from connectors.hr.records import person_from_json
from policies.model import Employment, EventKind, ExitType, LifecycleEvent, Person


class CannotOpen(Exception):
    """The case is not opened: says why, and what to do; `code` and `facts` say it for other languages."""

    def __init__(self, message: str, code: str = "no_moment", **facts: str) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts


class CannotCancel(Exception):
    """The case is not cancelled: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What somebody asks for; `last_day` is a day, an aware instant, or None for at once."""

    who: str
    last_day: date | datetime | None
    exit_type: ExitType
    actor: str
    urgent: bool = False
    zone: str | None = None
    """The IANA zone the last day is meant in; None: the person's own, or the default."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The new case as it stands after the guards, and what they held."""

    case: CaseRow
    person: Person
    holds: tuple[HoldRow, ...]


async def open_by_hand(app: Bawab, asked: ByHand) -> Opened:
    """Open a departure for a person HR has named, in a run of kind `manual`; raises CannotOpen, NotOnePerson.

    The same gate as for feed cases: thresholds, observe-only, a changed policy and approvals all bind.
    """
    async with app.store.write() as tx:
        row = await the_person(tx, asked.who)
        _is_not_about(row, asked.actor)
        person = person_from_json(row.record)
        run = RunRow(id=new_id("run"), kind="manual", actor=asked.actor, started_at=app.now())
        run.ended_at = run.started_at
        await add(tx, run)
        detail = {"kind": run.kind, "policy": app.shelf.current.digest[:16]}
        await app.audit.append(tx, Entry(Action.RUN_START, asked.actor, run_id=run.id, detail=detail))
        event = departure(person, asked.last_day, asked.exit_type, asked.zone)
        standing = await departures_of(tx, person.id)
        case = await open_case(app, tx, Opening(event, run.id, asked.actor, asked.urgent))
        if case is None:
            raise CannotOpen(
                f"{person.id}: this departure has its case already, or no rule does anything about it; "
                f"see `bawab case list --person {person.id}` and `bawab policy check`",
                "has_case" if standing else "nothing_to_do",
                **({"person": person.name, "case": standing[0].id} if standing else {}),
            )
        _puts_nothing_off(case, standing)
        holds = await gate(app, tx, [case], run, first_run=await first_run_is_open(tx))
        stored = await one(tx, CaseRow, columns(CaseRow).id == case.id)
        await app.audit.append(tx, Entry(Action.RUN_FINISH, asked.actor, run_id=run.id))
    return Opened(stored or case, person, tuple(holds))


async def cancel_by_hand(app: Bawab, case: CaseRow, *, reason: str, actor: str) -> bool:
    """Cancel a case as a person asks; False where it had ended already.

    Raises CannotCancel where it is their own: whoever leaves does not decide that they stay.
    """
    name = actor.removeprefix("person:")
    async with app.store.write() as tx:
        subject = await one(tx, PersonRow, columns(PersonRow).id == case.person_id)
        if name == case.person_id or (subject is not None and goes_by(subject, name)):
            raise CannotCancel(f"{name} is the person case {case.id} is about: somebody else must cancel it")
        return await cancel(app, tx, case, reason=reason, actor=actor)


async def departures_of(tx: AsyncConnection, person_id: str) -> list[CaseRow]:
    """Give somebody's departures that have not ended, the first due first."""
    cases = columns(CaseRow)
    mine = [cases.person_id == person_id, cases.kind.in_(LEAVING), cases.state.in_(CASE_OPEN)]
    return sorted(await where(tx, CaseRow, *mine), key=_by_due)


def _by_due(case: CaseRow) -> str:
    return case.due.isoformat() if case.due else "~"


def _puts_nothing_off(new: CaseRow, standing: list[CaseRow]) -> None:
    """Raise CannotOpen where a departure that stands would give way to a later one, or to one never due."""
    for old in standing:
        if old.due is not None and (new.due is None or new.due > old.due):
            raise CannotOpen(
                f"{new.person_id} leaves on {old.due.isoformat()} by {old.id}, and a case by hand puts no "
                f"departure off: correct it in HR's file, or `bawab case cancel {old.id}` first, and say why",
                "puts_off",
                person=event_from_plain(new.event).person.name,
                case=old.id,
            )


def read_moment(text: str) -> date | datetime:
    """Read `2026-11-30` as a day and `2026-11-30T18:00+03:00` as an instant; raises CannotOpen.

    An instant without its offset from UTC is refused: it could be hours wrong.
    """
    try:
        if len(text) <= len("2026-11-30"):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CannotOpen(
            f"{text!r} is no day or instant: write 2026-11-30 or 2026-11-30T18:00+03:00", what=text
        ) from None
    if instant.tzinfo is None:
        raise CannotOpen(
            f"{text!r} has no time zone: write its offset from UTC too, as in {text}+03:00", what=text
        )
    return instant


def departure(
    person: Person, last_day: date | datetime | None, exit_type: ExitType, zone: str | None = None
) -> LifecycleEvent:
    """Give the departure of somebody on a day or at an aware instant; None: at once."""
    contractor = person.employment is Employment.CONTRACTOR
    kind = EventKind.CONTRACTOR_END if contractor else EventKind.LEAVER
    leaving = replace(person, last_day=last_day, exit_type=exit_type, time_zone=zone or person.time_zone)
    return LifecycleEvent(kind, leaving, effective=last_day)


def _is_not_about(row: PersonRow, actor: str) -> None:
    name = actor.removeprefix("person:")
    if name == row.id or goes_by(row, name):
        raise CannotOpen(f"{name} is the person this is about: somebody else must open it", "own_case")
