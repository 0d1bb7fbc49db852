"""A removal that leaves in the very transaction that decided on it: of whoever was just told to be back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.group_losses import removals_today
from bot.states import StepState
from bot.store.group_tables import DriftRow
from bot.store.query import change, columns, where
from bot.store.tables import StepRow
from bot.values import group_from_plain
from policies.model import StepAction
from policies.thresholds import group_breach


async def let_go(app: Bawab, tx: AsyncConnection, taken_out: Sequence[DriftRow]) -> int:
    """Let those leave whose group is far from losing too many; gives their number.

    The others stay held: the whole pass is judged after it, with the group's members counted anew.
    """
    steps, now = columns(StepRow), app.now()
    mine = [steps.id.in_([row.step_id for row in taken_out]), steps.state == StepState.HELD]
    mine.append(func.coalesce(steps.hold_digest, "") == "")
    held = await where(tx, StepRow, *mine) if taken_out else []
    free = [step.id for step in held if not await _seems_too_many(app, tx, step)]
    values = {"state": StepState.PENDING, "next_attempt_at": now, "updated_at": now}
    return await change(tx, StepRow, values, steps.id.in_(free)) if free else 0


async def _seems_too_many(app: Bawab, tx: AsyncConnection, step: StepRow) -> bool:
    group = group_from_plain(step.group)
    if group is None or step.action != StepAction.REVOKE:
        return False
    count = await removals_today(tx, step.instance, step.group_id, app.now())
    return group_breach(step.group_id, count, group.member_count, app.limits) is not None
