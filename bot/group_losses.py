"""How many a group loses within a day: what the group threshold is judged by."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import StepState
from bot.store.query import columns, table
from bot.store.tables import StepRow
from policies.model import StepAction

DAY = timedelta(hours=24)
_ABOUT_TO = (StepState.HELD, StepState.PENDING)
_UNCOUNTED = (StepState.BLOCKED, StepState.CANCELLED, StepState.ALREADY_ABSENT)


async def removals_today(tx: AsyncConnection, instance: str, group_id: str, now: datetime) -> int:
    """Count who was planned or taken out within a day; whoever came back counts when it is done again."""
    steps, since = columns(StepRow), now - DAY
    statement = (
        select(func.count(func.distinct(steps.account_id)))
        .select_from(table(StepRow))
        .where(
            steps.instance == instance,
            steps.group_id == group_id,
            steps.action == StepAction.REVOKE,
            or_(steps.created_at > since, steps.requested_at > since, steps.state.in_(_ABOUT_TO)),
            steps.state.not_in(_UNCOUNTED),
        )
    )
    return int((await tx.execute(statement)).scalar_one())
