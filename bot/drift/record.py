"""Somebody who must be out is in: recorded once, as a step of their case that awaits a decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import set_state
from bot.drift.standing import Standing
from bot.planning import priority_of
from bot.states import CaseState, DriftState, StepState
from bot.store.group_tables import DriftRow
from bot.store.query import add, change, columns, new_id, one
from bot.store.tables import SnapshotRow, StepRow
from bot.values import account_from_plain, account_to_plain, group_from_plain, group_to_plain
from connectors.contract import Quality
from policies.model import Manner, PlannedStep, Role, StepAction, Verdict

__all__ = ["DriftState"]
"""What is found here too, beside what stands below."""


class Why(StrEnum):
    """How it comes that they are in."""

    CAME_BACK = "came_back"
    SECOND_ACCOUNT = "second_account"
    NEW_GROUP = "new_group"
    OLD_POST = "old_post"


class FoundBy(StrEnum):
    """What saw it."""

    RECHECK = "recheck"
    EVENT = "event"
    RECONCILE = "reconcile"


UNSETTLED = frozenset({DriftState.OPEN, DriftState.REMOVING, DriftState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One membership (or account) that should not be, with what its case would do about it."""

    standing: Standing
    planned: PlannedStep
    why: Why
    asked: str = ""
    """Why a person must decide: a stable key. Empty where the rule lets it be ended at once."""

    @property
    def key(self) -> tuple[str, str]:
        """Account id and place, as drift rows name them."""
        return self.planned.account.id, place(self.planned)


def place(planned: PlannedStep) -> str:
    """Name where somebody is: the group's id, or for an act on the account itself the act's name."""
    return planned.group.id if planned.group else planned.action.value


def planned_of(step: StepRow) -> PlannedStep:
    """Give a stored step as the row of a plan it was made from."""
    return PlannedStep(
        action=StepAction(step.action),
        verdict=Verdict.ACT,
        account=account_from_plain(step.account),
        group=group_from_plain(step.group),
        role=Role(step.role),
        manner=Manner(step.manner),
        rule=step.rule,
        why=step.why,
    )


async def unsettled(tx: AsyncConnection, instance: str, account_id: str, where_: str) -> DriftRow | None:
    """Give the drift already known of this account in this place, if it is not over."""
    rows = columns(DriftRow)
    mine = [rows.instance == instance, rows.account_id == account_id, rows.group_id == where_]
    return await one(tx, DriftRow, *mine, rows.state.in_(UNSETTLED))


async def record(
    app: Bawab, tx: AsyncConnection, sighting: Sighting, *, found_by: FoundBy, because: str = ""
) -> DriftRow | None:
    """Store and log a drift; None, and nothing written, where the same one is not over yet.

    Its step stands as still present and is left alone until the case's rule, or somebody, decides.
    """
    case, planned = sighting.standing.case, sighting.planned
    if await unsettled(tx, planned.account.instance, *sighting.key):
        return None
    step = await _step(app, tx, sighting)
    row = DriftRow(
        id=new_id("drift"),
        case_id=case.id,
        person_id=case.person_id,
        instance=step.instance,
        account_id=step.account_id,
        group_id=place(planned),
        group_name=planned.group.name if planned.group else "",
        role=planned.role,
        found_by=found_by,
        why=sighting.why,
        state=DriftState.OPEN,
        step_id=step.id,
        found_at=app.now(),
        note=sighting.asked,
    )
    await add(tx, row)
    detail = {"found_by": found_by, "why": sighting.why, "asked": sighting.asked, "because": because}
    await app.audit.append(tx, entry(row, step, Action.CHECK_DRIFT, outcome=step.state, **detail))
    if case.state == CaseState.COMPLETED:
        exceptions, verify = CaseState.COMPLETED_WITH_EXCEPTIONS, Action.CASE_VERIFY
        await set_state(app, tx, case, exceptions, verify, drift=row.id)
    return row


async def _step(app: Bawab, tx: AsyncConnection, sighting: Sighting) -> StepRow:
    """The case's own step for that account and group stands open again; where it has none, one is made."""
    planned, steps, now = sighting.planned, columns(StepRow), app.now()
    mine = [
        steps.case_id == sighting.standing.case.id,
        steps.instance == planned.account.instance,
        steps.account_id == planned.account.id,
        steps.action == planned.action,
        steps.group_id == (planned.group.id if planned.group else ""),
    ]
    known = await one(tx, StepRow, *mine)
    if known is None:
        step = _new_step(app, sighting)
        await add(tx, step)
        await _snapshot(app, tx, step)
        return step
    values: dict[str, object] = {
        "state": StepState.STILL_PRESENT,
        "quality": Quality.OBSERVED,
        "detail": sighting.why,
        "role": planned.role,
        "group": group_to_plain(planned.group),
        "refusal": None,
        "next_attempt_at": None,
        "updated_at": now,
    }
    await change(tx, StepRow, values, steps.id == known.id)
    for name, value in values.items():
        setattr(known, name, value)
    return known


def _new_step(app: Bawab, sighting: Sighting) -> StepRow:
    case, planned, now = sighting.standing.case, sighting.planned, app.now()
    able = app.chat[planned.account.instance].capabilities
    order = able.lockout_order
    return StepRow(
        id=new_id("step"),
        case_id=case.id,
        run_id=case.run_id,
        person_id=case.person_id,
        instance=planned.account.instance,
        platform=able.platform,
        action=planned.action,
        stage=order.index(planned.action) if planned.action in order else len(order),
        account_id=planned.account.id,
        account=account_to_plain(planned.account),
        group_id=planned.group.id if planned.group else "",
        group=group_to_plain(planned.group),
        role=planned.role,
        manner=planned.manner,
        rule=planned.rule,
        why=planned.why,
        since_approval=planned.since_approval,
        priority=priority_of(case),
        state=StepState.STILL_PRESENT,
        quality=Quality.OBSERVED,
        detail=sighting.why,
        created_at=now,
        updated_at=now,
    )


async def _snapshot(app: Bawab, tx: AsyncConnection, step: StepRow) -> None:
    """What was there before the first write, so that a person can put it back."""
    rows = columns(SnapshotRow)
    mine = [rows.case_id == step.case_id, rows.instance == step.instance]
    mine += [rows.account_id == step.account_id, rows.group_id == step.group_id]
    if not step.group_id or await one(tx, SnapshotRow, *mine):
        return
    row = SnapshotRow(
        case_id=step.case_id,
        instance=step.instance,
        account_id=step.account_id,
        group_id=step.group_id,
        group_name=step.group["name"],
        group_kind=step.group["kind"],
        role=step.role,
        taken_at=app.now(),
    )
    await add(tx, row)


def entry(
    row: DriftRow,
    step: StepRow | None,
    action: Action,
    *,
    outcome: str,
    actor: str = "bawab",
    note: str = "",
    **detail: object,
) -> Entry:
    """Describe an act on a drift; the account, and what a person wrote, go under the person's own key."""
    said = {name: value for name, value in detail.items() if value}
    return Entry(
        action=action,
        actor=actor,
        outcome=outcome,
        person_id=row.person_id,
        case_id=row.case_id,
        step_id=row.step_id,
        instance=row.instance,
        platform=step.platform if step else None,
        group_id=step.group_id or None if step else None,
        group_name=row.group_name or None,
        rule=step.rule if step else None,
        quality=step.quality if step else None,
        detail={"drift": row.id, **said},
        personal={"account": row.account_id, **({"note": note} if note else {})},
    )
