"""What opens nothing any more is forgotten in time: sessions, one-time codes, and forms that nobody sent.

The log keeps what became of them. An API token stays: its owner reads when it was used last.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, exists, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel

from bot.app import Bawab
from bot.store.access_tables import DraftRow, SessionRow, SignInCodeRow
from bot.store.group_tables import EnrolmentRow
from bot.store.query import columns, table

KEPT: Final[dict[type[SQLModel], timedelta]] = {
    SessionRow: timedelta(days=90),
    SignInCodeRow: timedelta(days=30),
    EnrolmentRow: timedelta(days=30),
    DraftRow: timedelta(0),
}
"""How long after its end each is still there: staff read when somebody was last seen."""


async def forget_ended(app: Bawab) -> int:
    """Forget what ended long enough ago; gives how many rows went. Writes nothing where there are none."""
    old = [kind for kind in KEPT if await _any(app, kind)]
    gone = 0
    for kind in old:
        async with app.store.write() as tx:
            gone += (await tx.execute(delete(table(kind)).where(_over(app, kind)))).rowcount
    return gone


async def _any(app: Bawab, kind: type[SQLModel]) -> bool:
    async with app.store.read() as tx:
        return bool(await tx.scalar(select(exists().where(_over(app, kind)))))


def _over(app: Bawab, kind: type[SQLModel]) -> ColumnElement[bool]:
    over: ColumnElement[bool] = columns(kind).expires_at < app.now() - KEPT[kind]
    return over
