"""Finds entries: newest first, paged by number, no longer than the reader has patience for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.chain import RAW
from bot.audit.filter import Condition, Filter, ResolvePerson, TooManyPeople, prepare
from bot.audit.query import Query
from bot.audit.walk import Walk
from bot.store.db import Store

__all__ = ["Page", "TooManyPeople", "search"]

_JSON: Final = ("before", "after", "detail")


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `before` asks for the next page, None at the end."""

    rows: tuple[Mapping[str, Any], ...]
    before: int | None
    unread: int = 0
    """Entries below `before` that a search with little patience has not looked at: not known to be none."""


async def search(
    store: Store,
    query: Query,
    *,
    before: int | None = None,
    limit: int = 50,
    resolve: ResolvePerson | None = None,
    patience: float | None = None,
    beside: Sequence[Condition] = (),
) -> Page:
    """Find the entries that meet a query, those before entry `before` if given; raises TooManyPeople.

    With `patience` (seconds) it stops where that is used up, and says how much is left unread. `beside` are
    conditions that hold whatever was asked. Rows map column names to values: `at` a datetime, JSON columns
    decoded, `sealed` still sealed.
    """
    async with store.read() as connection:
        found = await prepare(connection, query, resolve, beside)
        walk = Walk.over(await _ends(connection, found), before, patience)
        rows: list[Mapping[str, Any]] = []
        while len(rows) <= limit and walk.goes_on:
            rows += await _window(connection, found, walk, limit + 1 - len(rows))
    if len(rows) > limit:
        return Page(tuple(rows[:limit]), rows[limit - 1]["seq"])
    return Page(tuple(rows), walk.below if walk.unread else None, walk.unread)


async def _window(
    connection: AsyncConnection, found: Filter, walk: Walk, wanted: int
) -> list[Mapping[str, Any]]:
    with walk.step() as (first, below):
        part = (RAW.c.seq >= first, RAW.c.seq < below)
        statement = sa.select(*RAW.c).where(*found.conditions, *part).order_by(RAW.c.seq.desc()).limit(wanted)
        rows = (await connection.execute(statement)).mappings().all()
    return [_readable(row) for row in rows]


async def _ends(connection: AsyncConnection, found: Filter) -> tuple[int, int]:
    """Give the first and the last entry that can meet a filter."""
    if found.last is not None:
        return found.first, found.last
    return found.first, await connection.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0


def _readable(row: sa.RowMapping) -> dict[str, Any]:
    decoded = {name: None if row[name] is None else _decoded(row[name]) for name in _JSON}
    return {**row, "at": datetime.fromisoformat(row["at"]), **decoded}


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # edited by hand: `verify` says so, a search still shows it
