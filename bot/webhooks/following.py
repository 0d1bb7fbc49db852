"""The log followed: each entry a webhook wants becomes a delivery, once, however often Bawab is killed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.entry import Entry
from bot.store.access_tables import DeliveryRow
from bot.store.query import add, change, columns, new_id, one, table
from bot.store.tables import MetaRow
from bot.store.types import instant_text
from bot.webhooks.events import is_told

PAGE: Final = 500
"""Entries read at once, under the write lock."""
KEEP: Final = timedelta(days=3)
"""How long a delivery is tried; an entry older than that is passed over, and that is said."""
_KEY: Final = "webhooks_followed"


async def follow(app: Bawab) -> int:
    """Make the deliveries of every entry since the last time; gives how many.

    A webhook that is new in the settings begins with the next entry, not with all that ever was.
    """
    made = 0
    while await _is_behind(app):
        async with app.store.write() as tx:
            made += await _page(app, tx)
    return made


async def _is_behind(app: Bawab) -> bool:
    async with app.store.read() as tx:
        marks, end = await _marks(tx), await _end(tx)
    return any(marks.get(name) != end for name in app.settings.webhooks)


async def _page(app: Bawab, tx: AsyncConnection) -> int:
    """Take one step for each webhook; the mark moves in the transaction that stores the deliveries."""
    marks, end, made = await _marks(tx), await _end(tx), 0
    moved = dict(marks)
    for name, settings in app.settings.webhooks.items():
        if name not in marks:
            moved[name] = end
            continue
        rows = await _entries(tx, marks[name])
        wanted = [row for row in rows if is_told(row["action"], settings.events)]
        fresh = [row for row in wanted if row["at"] >= instant_text(app.now() - KEEP)]
        await add(tx, *[_delivery(name, row["seq"], app.now()) for row in fresh])
        if len(fresh) < len(wanted):
            await _passed_over(app, tx, name, wanted[0]["seq"], len(wanted) - len(fresh))
        moved[name], made = (rows[-1]["seq"] if rows else end), made + len(fresh)
    await _move(tx, marks, moved)
    return made


def _delivery(name: str, seq: int, now: datetime) -> DeliveryRow:
    return DeliveryRow(
        id=new_id("msg"), webhook=name, seq=seq, state="pending", next_attempt_at=now, created_at=now
    )


async def _passed_over(app: Bawab, tx: AsyncConnection, name: str, first: int, count: int) -> None:
    detail = {"webhook": name, "why": "too_old", "first": first, "count": count}
    await app.audit.append(tx, Entry(Action.WEBHOOK_FAIL, "bawab", outcome="passed_over", detail=detail))


async def _entries(tx: AsyncConnection, after: int) -> list[Mapping[str, Any]]:
    query = sa.select(RAW.c.seq, RAW.c.action, RAW.c.at).where(RAW.c.seq > after)
    return [dict(row) for row in (await tx.execute(query.order_by(RAW.c.seq).limit(PAGE))).mappings()]


async def _end(tx: AsyncConnection) -> int:
    """Give the last entry that is not about a delivery: those concern nobody here."""
    return int(await tx.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0)


async def _marks(tx: AsyncConnection) -> dict[str, int]:
    found = await one(tx, MetaRow, columns(MetaRow).key == _KEY)
    return dict(found.value) if found else {}


async def _move(tx: AsyncConnection, before: Mapping[str, int], after: Mapping[str, int]) -> None:
    if not before:
        known = await one(tx, MetaRow, columns(MetaRow).key == _KEY)
        if known is None:
            await add(tx, MetaRow(key=_KEY, value=dict(after)))
            return
    await change(tx, MetaRow, {"value": dict(after)}, columns(MetaRow).key == _KEY)


async def sweep(app: Bawab) -> None:
    """Forget deliveries that ended long ago; the log keeps what became of them."""
    rows = columns(DeliveryRow)
    ended = [rows.state != "pending", rows.created_at < app.now() - 10 * KEEP]
    async with app.store.write() as tx:
        await tx.execute(sa.delete(table(DeliveryRow)).where(*ended))
