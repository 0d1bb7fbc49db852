"""The global stop: a row that IT flips; while it stands nothing leaves, and everything waits."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.query import add, columns, one, table
from bot.store.tables import MetaRow

STOPPED = "notices_stopped"
_meta = columns(MetaRow)


async def is_stopped(tx: AsyncConnection) -> bool:
    """Whether somebody stopped all messages."""
    return await one(tx, MetaRow, _meta.key == STOPPED) is not None


async def stopped_by(tx: AsyncConnection) -> tuple[str, str] | None:
    """Give who stopped all messages and when (ISO 8601, UTC), or None."""
    row = await one(tx, MetaRow, _meta.key == STOPPED)
    return (str(row.value["by"]), str(row.value["at"])) if row else None


async def stop(app: Bawab, *, actor: str, reason: str = "") -> bool:
    """Stop every message to anybody until `start`, logged; False where it was stopped already."""
    async with app.store.write() as tx:
        if await is_stopped(tx):
            return False
        await add(tx, MetaRow(key=STOPPED, value={"by": actor, "at": app.now().isoformat()}))
        await app.audit.append(tx, _entry(actor, "stopped", reason))
    return True


async def start(app: Bawab, *, actor: str, reason: str = "") -> bool:
    """Let messages leave again, those that waited first; False where nothing was stopped."""
    async with app.store.write() as tx:
        if not await is_stopped(tx):
            return False
        await tx.execute(delete(table(MetaRow)).where(_meta.key == STOPPED))
        await app.audit.append(tx, _entry(actor, "started", reason))
    return True


def _entry(actor: str, outcome: str, reason: str) -> Entry:
    detail = {"what": "notices"} | ({"reason": reason} if reason else {})
    return Entry(Action.SETTINGS_CHANGE, actor, outcome=outcome, detail=detail)
