"""Follows the log as it grows: what a screen shows can then never disagree with what is proven."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from bot.audit.chain import RAW
from bot.store.db import Store
from bot.store.query import columns
from bot.store.tables import PersonRow

PAGE = 500
_JSON = ("before", "after", "detail")
Row = Mapping[str, Any]


async def last_seq(store: Store) -> int:
    """Give the number of the last entry, 0 for an empty log."""
    async with store.read() as connection:
        return await connection.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0


async def entries_after(store: Store, seq: int) -> AsyncIterator[Row]:
    """Yield every entry after `seq`, oldest first: `at` a datetime, JSON decoded, `sealed` still sealed."""
    while True:
        query = sa.select(*RAW.c).where(RAW.c.seq > seq).order_by(RAW.c.seq).limit(PAGE)
        async with store.read() as connection:
            rows = [_readable(row) for row in (await connection.execute(query)).mappings()]
        for row in rows:
            yield row
        if not rows:
            return
        seq = rows[-1]["seq"]


async def names_of(connection: AsyncConnection, pseudonyms: Collection[str]) -> dict[str, str]:
    """Give the names HR's records hold for pseudonyms; nobody's where the person was erased or is unknown."""
    subject, person = SQLModel.metadata.tables["subject"].c, columns(PersonRow)
    query = sa.select(subject.pseudonym, person.name).where(
        subject.pseudonym.in_(pseudonyms), subject.person_id == person.id
    )
    return {row.pseudonym: row.name for row in await connection.execute(query)}


def _readable(row: sa.RowMapping) -> dict[str, Any]:
    decoded = {name: None if row[name] is None else orjson.loads(row[name]) for name in _JSON}
    return {**row, "at": datetime.fromisoformat(row["at"]), **decoded}
