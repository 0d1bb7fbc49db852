"""A look at one removal put in out of turn: because of a hint, or because an exception has run out."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.store.query import add, change, columns, one
from bot.store.tables import RecheckRow, StepRow

HINTED = "hinted"
"""The kind of this look; those after an hour, a day and a week stay as they are."""


async def look_soon(app: Bawab, tx: AsyncConnection, step: StepRow) -> bool:
    """Put the look in, or have it done again; False where it waits already."""
    rows = columns(RecheckRow)
    mine = [rows.step_id == step.id, rows.kind == HINTED]
    before = await one(tx, RecheckRow, *mine)
    if before is None:
        await add(tx, RecheckRow(step_id=step.id, kind=HINTED, instance=step.instance, due=app.now()))
        return True
    again = {"due": app.now(), "attempts": 0, "done_at": None, "sight": None}
    return bool(await change(tx, RecheckRow, again, *mine, rows.done_at.is_not(None)))
