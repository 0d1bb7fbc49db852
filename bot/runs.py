"""A run's beginning and end, in its row and in the log; its end is an audit checkpoint."""

from __future__ import annotations

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.settings_log import note_settings
from bot.store.query import add, change, columns, new_id
from bot.store.tables import RunRow

QUIET_SECONDS = 30.0
"""`--once` ends when nothing is due within so many seconds."""


async def begin(app: Bawab, kind: str) -> RunRow:
    """Store and log that a run starts."""
    run = RunRow(id=new_id("run"), kind=kind, actor="bawab", started_at=app.now())
    async with app.store.write() as tx:
        await add(tx, run)
        detail = {"kind": kind, "instances": sorted(app.chat), "policy": app.shelf.current.digest[:16]}
        await app.audit.append(
            tx, Entry(action=Action.RUN_START, actor="bawab", run_id=run.id, detail=detail)
        )
        await note_settings(app, tx, run.id)
    return run


async def finish(app: Bawab, run: RunRow) -> None:
    """Store and log that a run ended, and witness the log outside the database."""
    async with app.store.write() as tx:
        await change(tx, RunRow, {"ended_at": app.now()}, columns(RunRow).id == run.id)
        await app.audit.append(tx, Entry(action=Action.RUN_FINISH, actor=run.actor, run_id=run.id))
    await app.audit.checkpoint("run ended")
