"""What IT decides about somebody who is in a group again: out again, or let be until a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.drift import desk
from bot.drift.desk import DriftProblem
from bot.store.group_tables import DriftRow
from bot.store.query import columns, where
from policies.roles import Permission


async def remove(app: Bawab, who: Actor, drift_ids: Sequence[str]) -> list[DriftRow]:
    """Have people taken out again, all of these or none. Raises NotAllowed, CannotAct."""
    who.must(Permission.DRIFT_DECIDE)
    await _not_about(app, who, drift_ids)
    try:
        return await desk.remove(app, drift_ids, actor=who.logged)
    except DriftProblem as error:
        raise CannotAct("drift_refused", why=str(error)) from error


async def accept(app: Bawab, who: Actor, drift_id: str, *, until: datetime, reason: str) -> DriftRow:
    """Let a drift be until an aware instant, for a reason. Raises NotAllowed, CannotAct."""
    who.must(Permission.DRIFT_DECIDE)
    if not reason.strip():
        raise CannotAct("reason_missing")
    if until.tzinfo is None or until <= app.now():
        raise CannotAct("until_missing")
    await _not_about(app, who, [drift_id])
    try:
        return await desk.accept(app, drift_id, until=until, reason=reason, actor=who.logged)
    except DriftProblem as error:
        raise CannotAct("drift_refused", why=str(error)) from error


async def _not_about(app: Bawab, who: Actor, drift_ids: Sequence[str]) -> None:
    rows = columns(DriftRow)
    async with app.store.read() as tx:
        if any(row.person_id == who.id for row in await where(tx, DriftRow, rows.id.in_(drift_ids))):
            raise CannotAct("own_case")
