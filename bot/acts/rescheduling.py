"""Another last day for a departure that has not begun: decided anew, and past every guard anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.finding import the_case
from bot.acts.last_word import changed_meanwhile
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import LEAVING, Opening, close_empty_hold, decided, ensure_policy
from bot.holds import first_run_is_open, gate
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CaseState
from bot.store.query import add, change, columns, new_id, one, where
from bot.store.tables import CaseRow, RunRow
from bot.values import event_from_plain, event_to_plain
from policies.lifecycle import event_key
from policies.model import LifecycleEvent
from policies.plan import Decision, NoDecision, decide
from policies.roles import Permission


async def reschedule_case(
    app: Bawab,
    who: Actor,
    case_id: str,
    last_day: date | datetime,
    zone: str | None = None,
    *,
    reason: str = "",
    expected: str | None = None,
) -> CaseRow:
    """Give a departure another last day; an approval of the old one lapses, and every guard judges it anew.

    A later instant than the one that stands needs a reason, as a cancellation does: both keep somebody in.
    An earlier one needs none. Once begun, a departure can only be cancelled. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.CASE_RESCHEDULE)
    async with app.store.write() as tx:
        case = await the_case(tx, case_id, who)
        await _may_move(tx, case, expected)
        event = _moved(case, last_day, zone)
        decision = await _decide(app, tx, case, event)
        _says_why(case, decision, reason)
        return await _reschedule(app, tx, case, event, decision, who, reason)


async def _may_move(tx: AsyncConnection, case: CaseRow, expected: str | None) -> None:
    if case.kind not in LEAVING:
        raise CannotAct("not_a_departure", case=case.id)
    if expected is not None and case.state != expected:
        raise await changed_meanwhile(tx, case.id)
    if case.state not in CASE_NOT_STARTED:
        raise CannotAct("has_begun" if case.state in CASE_OPEN else "has_ended", case=case.id)


def _moved(case: CaseRow, last_day: date | datetime, zone: str | None) -> LifecycleEvent:
    try:
        named = zone and ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotAct("no_zone", what=zone or "") from None
    event = event_from_plain(case.event)
    leaving = replace(event.person, last_day=last_day, time_zone=named or event.person.time_zone)
    return replace(event, person=leaving, effective=last_day)


async def _decide(app: Bawab, tx: AsyncConnection, case: CaseRow, event: LifecycleEvent) -> Decision:
    decision = decide(event, app.shelf.current, now=app.now(), default_zone=app.settings.time_zone)
    if isinstance(decision, NoDecision):
        raise CannotAct("not_decidable", why=decision.detail)
    if decision.due == case.due:
        raise CannotAct("same_moment")
    cases = columns(CaseRow)
    same = [cases.event_key == event_key(event), cases.id != case.id, cases.state.in_(CASE_OPEN)]
    if (other := await one(tx, CaseRow, *same)) is not None:
        raise CannotAct("has_case", person=event.person.name, case=other.id)
    return decision


def _says_why(case: CaseRow, decision: Decision, reason: str) -> None:
    if case.due is not None and decision.due > case.due and not reason.strip():
        raise CannotAct("later_needs_reason")


async def _reschedule(
    app: Bawab,
    tx: AsyncConnection,
    case: CaseRow,
    event: LifecycleEvent,
    decision: Decision,
    who: Actor,
    reason: str,
) -> CaseRow:
    await ensure_policy(app, tx)
    was, left, state = case.due, case.hold_digest, case.state
    run = RunRow(id=new_id("run"), kind="manual", actor=who.logged, started_at=app.now(), ended_at=app.now())
    values = decided(case, decision, app.shelf.current, Opening(event, run.id, who.logged, case.urgent))
    values |= {
        "event": event_to_plain(event),
        "event_key": event_key(event),
        "state": CaseState.RECEIVED,
        "hold_digest": None,
        "approved": None,
        "released_by": None,
        "requested_by": who.logged,
        "updated_at": app.now(),
    }
    cases = columns(CaseRow)
    if not await change(tx, CaseRow, values, cases.id == case.id, cases.state == state):
        raise await changed_meanwhile(tx, case.id)
    await add(tx, run)
    detail = {
        "was_due": was.isoformat() if was else "",
        "due": decision.due.isoformat(),
        "zone": decision.zone,
        "left_hold": (left or "")[:16],
        "reason": reason.strip(),
        "via": who.via,
    }
    entry = Entry(
        action=Action.CASE_RESCHEDULE,
        actor=who.logged,
        person_id=case.person_id,
        case_id=case.id,
        run_id=run.id,
        rule=case.rule or None,
        before={"state": state},
        detail=detail,
    )
    await app.audit.append(tx, entry)
    if left is not None:
        await close_empty_hold(app, tx, left)
    (moved,) = await where(tx, CaseRow, cases.id == case.id)
    await gate(app, tx, [moved], run, first_run=await first_run_is_open(tx))
    return (await where(tx, CaseRow, cases.id == case.id))[0]
