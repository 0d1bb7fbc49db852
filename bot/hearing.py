"""What keeps Bawab from hearing a platform: said once in the log, shown in the status until it is mended."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import MetaRow
from bot.words.troubles import (
    MISSED,
    PREFIX,
    TROUBLES,
    Trouble,
    by_instance,
    slot_of,
    trouble_of,
    trouble_text,
)

__all__ = ["MISSED", "TROUBLES", "Trouble", "heard", "trouble", "trouble_text", "troubles"]


async def trouble(app: Bawab, instance: str, key: str, detail: str = "") -> bool:
    """Say that an instance is not heard; True, and one entry in the log, where that is news."""
    slot = slot_of(instance, key)
    mine = columns(MetaRow).key == slot
    value = {"key": key, "since": app.now().isoformat(), "detail": detail}
    async with app.store.write() as tx:
        before = await one(tx, MetaRow, mine)
        if before is not None and before.value["key"] == key:
            return False
        if before is None:
            await add(tx, MetaRow(key=slot, value=value))
        else:
            await change(tx, MetaRow, {"value": value}, mine)
        entry = Entry(Action.LISTEN_FAIL, "bawab", key, instance=instance, detail={"detail": detail})
        await app.audit.append(tx, entry)
    return True


async def heard(app: Bawab, instance: str, *keys: str) -> bool:
    """Say that an instance is heard again; only of the troubles named, where some are."""
    mine = columns(MetaRow).key == slot_of(instance, keys[0] if keys else "")
    async with app.store.write() as tx:
        before = await one(tx, MetaRow, mine)
        if before is None or (keys and before.value["key"] not in keys):
            return False
        await tx.execute(delete(table(MetaRow)).where(mine))
        detail = {"was": before.value["key"]}
        await app.audit.append(tx, Entry(Action.LISTEN_RESUME, "bawab", instance=instance, detail=detail))
    return True


async def troubles(tx: AsyncConnection) -> list[Trouble]:
    """Give what keeps Bawab from hearing, by instance."""
    found = await where(tx, MetaRow, columns(MetaRow).key.startswith(PREFIX, autoescape=True))
    return sorted((trouble_of(row.key, row.value) for row in found), key=by_instance)
