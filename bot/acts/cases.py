"""Opening, cancelling and retrying cases; rescheduling and the emergency stand in files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.emergencies import Hurried, confirm_emergency, revoke_now, revoke_person_now
from bot.acts.finding import the_case
from bot.acts.last_word import changed_meanwhile
from bot.acts.refusals import CannotAct
from bot.acts.rescheduling import reschedule_case
from bot.app import Bawab
from bot.casework import cancel
from bot.manual_cases import ByHand, CannotOpen, Opened, open_by_hand
from bot.people.who import NotOnePerson
from bot.retrying import retry
from bot.states import CASE_OPEN
from bot.store.people import person as record_of
from bot.store.query import columns, one
from bot.store.tables import CaseRow
from policies.model import ExitType
from policies.roles import Permission

__all__ = [
    "Hurried",
    "Opened",
    "cancel_case",
    "confirm_emergency",
    "open_case",
    "reschedule_case",
    "retry_case",
    "revoke_now",
    "revoke_person_now",
]


async def open_case(
    app: Bawab,
    who: Actor,
    *,
    person_id: str,
    last_day: date | datetime | None,
    zone: str | None = None,
    exit_type: ExitType = ExitType.UNSTATED,
    counted: int | None = None,
    seen: Mapping[str, Sequence[str]] | None = None,
) -> Opened:
    """Open a departure, through the same guards as a feed's; `last_day` None is at once.

    `zone` is the one the last day is meant in. `seen` is what was shown (instance → group ids) and `counted`
    the number of groups that was typed to confirm it. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.CASE_OPEN)
    _counted(counted, seen)
    _is_zone(zone)
    if person_id == who.id:
        raise CannotAct("own_case")
    async with app.store.read() as tx:
        if await record_of(tx, person_id) is None:
            raise CannotAct("no_person", what=person_id)
    asked = ByHand(person_id, last_day, exit_type, who.logged, urgent=last_day is None, zone=zone)
    try:
        return await open_by_hand(app, asked)
    except NotOnePerson as error:
        raise CannotAct("no_person", what=person_id) from error
    except CannotOpen as error:
        raise CannotAct(error.code, **error.facts) from error


def _counted(counted: int | None, seen: Mapping[str, Sequence[str]] | None) -> None:
    shown = sum(len(set(groups)) for groups in (seen or {}).values())
    if counted is not None and seen is not None and counted != shown:
        raise CannotAct("count_differs", typed=counted, counted=shown)


def _is_zone(zone: str | None) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotAct("no_zone", what=zone) from None


async def cancel_case(
    app: Bawab, who: Actor, case_id: str, reason: str, *, expected: str | None = None
) -> CaseRow:
    """Cancel a case, for a reason; what was done already stays done. Raises NotAllowed, CannotAct.

    `expected` is the state it was shown in: where somebody moved it meanwhile nothing is cancelled, and the
    refusal says who did. To its subject a case does not exist: nobody cancels their own departure.
    """
    who.must(Permission.CASE_CANCEL)
    if not reason.strip():
        raise CannotAct("reason_missing")
    async with app.store.write() as tx:
        case = await the_case(tx, case_id, who)
        await _may_cancel(tx, case, expected)
        if not await cancel(app, tx, case, reason=reason.strip()[:200], actor=who.logged):
            raise CannotAct("has_ended", case=case.id)
        found = await one(tx, CaseRow, columns(CaseRow).id == case.id)
    return found or case


async def _may_cancel(tx: AsyncConnection, case: CaseRow, expected: str | None) -> None:
    if expected is not None and case.state != expected:
        raise await changed_meanwhile(tx, case.id)
    if case.state not in CASE_OPEN:
        raise CannotAct("has_ended", case=case.id)


async def retry_case(app: Bawab, who: Actor, case_id: str) -> int:
    """Try again what a case left undone, once somebody mended what stood in the way; gives how many steps.

    Raises NotAllowed, CannotAct.
    """
    who.must(Permission.CASE_RETRY)
    async with app.store.read() as tx:
        case = await the_case(tx, case_id, who)
    steps = await retry(app, case, actor=who.logged)
    if not steps:
        raise CannotAct("nothing_undone", case=case.id)
    return steps
