"""The few verbs every query module shares: rows in, rows out, changes that prove they changed something."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import configure_mappers
from sqlalchemy.orm.attributes import manager_of_class
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel

Row = TypeVar("Row", bound=SQLModel)
Item = TypeVar("Item")


def table(row: type[SQLModel]) -> Table:
    """Give the Core table of a row class; the hot path uses Core statements."""
    return SQLModel.metadata.tables[str(row.__tablename__)]


def new_id(prefix: str) -> str:
    """Make a short random id, readable by its prefix: `case_k3v9…`."""
    return f"{prefix}_{secrets.token_hex(6)}"


async def add(tx: AsyncConnection, *rows: SQLModel) -> None:
    """Insert rows of one class."""
    if rows:
        await tx.execute(insert(table(type(rows[0]))), [_values(row) for row in rows])


async def all_of(
    tx: AsyncConnection, kind: type[Row], statement: Select[Any], asked: Mapping[str, Any] | None = None
) -> list[Row]:
    """Run a select over the columns of one row class; `asked` fills in its named parameters."""
    result = await tx.execute(statement, asked)
    names = tuple(result.keys())
    return [_loaded(kind, zip(names, found, strict=True)) for found in result.all()]


def put(row: SQLModel, **values: object) -> None:
    """Set columns of a row in memory; what is stored with Core needs none of the ORM's bookkeeping."""
    row.__dict__.update(values)


async def where(tx: AsyncConnection, kind: type[Row], *conditions: ColumnElement[bool]) -> list[Row]:
    """Give the rows that meet every condition."""
    return await all_of(tx, kind, select(table(kind)).where(*conditions))


async def one(tx: AsyncConnection, kind: type[Row], *conditions: ColumnElement[bool]) -> Row | None:
    """Give the row that meets every condition, or None."""
    rows = await all_of(tx, kind, select(table(kind)).where(*conditions).limit(1))
    return rows[0] if rows else None


async def change(
    tx: AsyncConnection, kind: type[SQLModel], values: Mapping[str, Any], *conditions: ColumnElement[bool]
) -> int:
    """Update, and say how many rows it met: compare-and-set where the conditions name the old state."""
    result = await tx.execute(update(table(kind)).where(*conditions).values(**values))
    return int(result.rowcount)


def columns(kind: type[SQLModel]) -> Any:
    """Give the columns by name: `columns(StepRow).state`."""
    return table(kind).c


def _loaded(kind: type[Row], values: Iterable[tuple[str, Any]]) -> Row:
    """Make a row object the way the ORM's loader does: a sixth of the cost of its constructor."""
    row: Row = _manager(kind).new_instance()
    row.__dict__.update(values)
    return row


@cache
def _manager(kind: type[SQLModel]) -> Any:
    configure_mappers()  # a constructor would have seen to it
    return manager_of_class(kind)


def _values(row: SQLModel) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table(type(row)).columns}


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cut a sequence into pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
