"""Which lanes have something to do now: read from rows, so that a wake that was lost is made up for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.lanes import closed_lanes
from bot.states import STEP_BOT_AT_WORK
from bot.store.query import columns
from bot.store.tables import StepRow


async def lanes_due(tx: AsyncConnection, names: Iterable[str], now: datetime) -> list[str]:
    """Give those of the named lanes that have a due step and a circuit that lets it out."""
    closed = await closed_lanes(tx, now)
    return [name for name in names if name not in closed and await _is_due(tx, name, now)]


async def _is_due(tx: AsyncConnection, name: str, now: datetime) -> bool:
    steps = columns(StepRow)
    due = select(steps.id).where(
        steps.instance == name, steps.state.in_(STEP_BOT_AT_WORK), steps.next_attempt_at <= now
    )
    return (await tx.execute(due.limit(1))).first() is not None
