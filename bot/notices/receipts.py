"""Receipts: every attempt to deliver a notice, stored before it is made and settled after."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.access_tables import ReceiptRow
from bot.store.query import add, change, columns, new_id, table, where
from bot.store.tables import NoticeRow

INTENDED = "intended"
_receipt = columns(ReceiptRow)


async def intend(tx: AsyncConnection, notice: NoticeRow, operator: str, now: datetime) -> None:
    """Store that a notice is about to leave by its channel; what an interruption left open is unknown."""
    await settle(tx, notice.id, "unknown", now, detail="interrupted")
    row = ReceiptRow(
        id=new_id("rcpt"),
        notice_id=notice.id,
        channel=notice.instance,
        operator=operator,
        outcome=INTENDED,
        at=now,
    )
    await add(tx, row)


async def settle(
    tx: AsyncConnection, notice_id: str, outcome: str, now: datetime, *, reference: str = "", detail: str = ""
) -> None:
    """Store what is known of the attempt under way; nothing where none is."""
    values = {"outcome": outcome, "reference": reference, "detail": detail[:500], "settled_at": now}
    await change(tx, ReceiptRow, values, _receipt.notice_id == notice_id, _receipt.settled_at.is_(None))


async def operators_tried(tx: AsyncConnection, notice_id: str, since: datetime) -> frozenset[str]:
    """Give the operators by which a notice did not arrive since an instant."""
    failed = [_receipt.notice_id == notice_id, _receipt.at >= since]
    rows = await where(tx, ReceiptRow, *failed, _receipt.outcome.in_(("retry", "undeliverable")))
    return frozenset(row.operator for row in rows)


async def to_each_lately(tx: AsyncConnection, people: Collection[str], now: datetime) -> dict[str, int]:
    """Count, by person, the messages that left or may have left within the last hour."""
    notices = columns(NoticeRow)
    statement = (
        select(notices.recipient_id, func.count())
        .select_from(table(ReceiptRow).join(table(NoticeRow), notices.id == _receipt.notice_id))
        .where(
            notices.recipient_id.in_(people),
            _receipt.at > now - timedelta(hours=1),
            _receipt.outcome.in_((INTENDED, "sent", "unknown", "resent")),
        )
        .group_by(notices.recipient_id)
    )
    found: dict[str, int] = {}
    for person, count in (await tx.execute(statement)).all():
        found[person] = int(count)
    return found
