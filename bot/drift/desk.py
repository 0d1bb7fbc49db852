"""What people decide about a drift: take them out again, or let it be until a day, for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.drift.record import UNSETTLED, DriftState, entry
from bot.drift.rule import take_out
from bot.people.who import goes_by
from bot.states import StepState
from bot.store.group_tables import DriftRow
from bot.store.query import all_of, change, columns, one, table, where
from bot.store.tables import PersonRow, StepRow
from bot.tasks.desk import cut
from connectors.contract import Quality
from policies.model import Refusal

SHORTEST_ID = len("drift_") + 3
_UNDECIDED = (DriftState.OPEN, DriftState.ACCEPTED)
_LEFT_ALONE = (
    StepState.STILL_PRESENT,
    StepState.BLOCKED,
    StepState.FAILED,
    StepState.CANCELLED,
    StepState.WAIVED,
)


class DriftProblem(Exception):
    """A drift cannot be decided as asked: says why, and what to do."""


async def list_drifts(tx: AsyncConnection, *, every: bool = False) -> list[DriftRow]:
    """Give the drifts that are not over (or all), oldest first."""
    rows, wanted = columns(DriftRow), select(table(DriftRow))
    if not every:
        wanted = wanted.where(rows.state.in_(UNSETTLED))
    return await all_of(tx, DriftRow, wanted.order_by(rows.found_at, rows.id))


async def remove(app: Bawab, ids: Sequence[str], *, actor: str) -> list[DriftRow]:
    """Have people taken out again, all of these or none; raises DriftProblem.

    The lane does it, with every guard of a removal; `bawab run` carries it out.
    """
    async with app.store.write() as tx:
        rows = [await _undecided(tx, drift_id, actor) for drift_id in dict.fromkeys(ids)]
        for row in rows:
            if row.note == Refusal.LAST_OWNER:
                raise DriftProblem(f"{row.id}: the group would lose its last owner; hand it over first")
            if not await take_out(app, tx, row, actor=actor):
                raise DriftProblem(f"{row.id}: its case was cancelled, or its removal is under way already")
    return rows


async def accept(app: Bawab, drift_id: str, *, until: datetime, reason: str, actor: str) -> DriftRow:
    """Let a drift be until an aware instant, for a reason; then it is open again. Raises DriftProblem."""
    if not reason.strip():
        raise DriftProblem(f"{drift_id}: an exception needs a reason; say why they may stay in")
    if until.tzinfo is None or until <= app.now():
        raise DriftProblem(f"{drift_id}: an exception needs an end in the future, with its time zone")
    rows, steps, now = columns(DriftRow), columns(StepRow), app.now()
    async with app.store.write() as tx:
        row = await _undecided(tx, drift_id, actor)
        waived = {"state": StepState.WAIVED, "quality": Quality.WAIVED, "updated_at": now}
        left_alone = [steps.id == row.step_id, steps.state.in_(_LEFT_ALONE)]
        if not await change(tx, StepRow, waived, *left_alone, steps.next_attempt_at.is_(None)):
            raise DriftProblem(f"{row.id}: the bot is at work on it; wait, and look again")
        values = {
            "state": DriftState.ACCEPTED,
            "accepted_until": until,
            "decided_at": now,
            "decided_by": actor,
            "note": cut(reason),
        }
        await change(tx, DriftRow, values, rows.id == row.id)
        step = await one(tx, StepRow, steps.id == row.step_id)
        said = entry(
            row,
            step,
            Action.DRIFT_ACCEPT,
            outcome=DriftState.ACCEPTED,
            actor=actor,
            note=cut(reason),
            until=until.isoformat(),
        )
        await app.audit.append(tx, said)
        for name, value in values.items():
            setattr(row, name, value)
    return row


async def _undecided(tx: AsyncConnection, drift_id: str, actor: str) -> DriftRow:
    row = await _the_drift(tx, drift_id)
    if row.state not in _UNDECIDED:
        raise DriftProblem(f"{row.id} is {row.state} already; nothing changed")
    person = await one(tx, PersonRow, columns(PersonRow).id == row.person_id)
    name = actor.removeprefix("person:")
    if person is not None and goes_by(person, name):
        raise DriftProblem(f"{name} is the person this is about and cannot decide it; somebody else must")
    return row


async def _the_drift(tx: AsyncConnection, drift_id: str) -> DriftRow:
    """Find a drift by its id, or by the only id that starts so; too short a beginning names none."""
    rows, found = columns(DriftRow), list[DriftRow]()
    if len(drift_id) >= SHORTEST_ID:
        found = await where(tx, DriftRow, rows.id.startswith(drift_id, autoescape=True))
    if len(found) != 1:
        raise DriftProblem(f"no single drift begins with {drift_id!r}; `bawab drift list --all` shows them")
    return found[0]
