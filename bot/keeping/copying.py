"""Every table, as stored, from one database into another: in bounded memory, with sums to compare."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

import bot.store.access_tables
import bot.store.audit_tables
import bot.store.group_tables
import bot.store.tables  # noqa: F401 - they register their tables
from bot.keeping.refusals import CannotKeep
from bot.locale import N_

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""

PAGE: Final = 1000
_OF_OTHERS: Final = ("alembic_", "procrastinate_", "sqlite_")
"""Tables that are made anew where they are needed: versions of the schema, and a queue that rows refill."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What one table holds: how many rows, and a SHA-256 over all of them in the order of their keys."""

    rows: int
    digest: str


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Read a database from one snapshot, a page at a time, without the event loop; raises SQLAlchemyError."""
    parsed = make_url(url)
    is_server = parsed.get_backend_name() == "postgresql"
    engine = create_engine(parsed.set(drivername="postgresql+psycopg" if is_server else "sqlite"))
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"} if is_server else {}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            if not is_server:  # the driver itself begins nothing before a first write
                connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()


def our_tables() -> tuple[sa.TableClause, ...]:
    """Give every table of Bawab by name, its columns without any type's processing."""
    return tuple(_plain(table) for _, table in sorted(SQLModel.metadata.tables.items()))


def _plain(table: sa.Table) -> sa.TableClause:
    return sa.table(table.name, *(sa.column(one.name, _kind(one.type)) for one in table.columns))


def _kind(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    for plain in (sa.Boolean, sa.LargeBinary, sa.Integer):
        if isinstance(kind, plain):
            return plain()
    return sa.String()


def refuse_unknown_tables(source: Connection) -> None:
    """Raise CannotKeep for a table this version knows nothing of: nothing may be left out."""
    known = {table.name for table in our_tables()}
    found = sa.inspect(source).get_table_names()
    strange = sorted(name for name in found if name not in known and not name.startswith(_OF_OTHERS))
    if strange:
        raise CannotKeep(
            N_("This database has tables of another version of Bawab ({tables}); use that version."),
            tables=", ".join(strange),
        )


def row_counts(connection: Connection) -> dict[str, int]:
    """Count the rows of every table."""
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in our_tables()
    }


def copy_tables(source: Connection, target: Connection, progress: Progress | None = None) -> dict[str, Sum]:
    """Copy every row into empty tables; gives what was read, table by table.

    The target's triggers see each entry of the log: one that does not follow the last is refused there.
    """
    counts, done, sums = row_counts(source), 0, {}
    for table in our_tables():
        digest, rows = hashlib.sha256(), 0
        for page in _pages(source, table):
            _insert(target, table, page)
            _take(digest, page)
            rows += len(page)
            if progress is not None:
                progress(done + rows, sum(counts.values()))
        done += rows
        sums[table.name] = Sum(rows, digest.hexdigest())
    return sums


def sums_of(connection: Connection) -> dict[str, Sum]:
    """Read every table back as `copy_tables` read it."""
    found = {}
    for table in our_tables():
        digest, rows = hashlib.sha256(), 0
        for page in _pages(connection, table):
            _take(digest, page)
            rows += len(page)
        found[table.name] = Sum(rows, digest.hexdigest())
    return found


def _pages(connection: Connection, table: sa.TableClause) -> Iterator[Sequence[Sequence[Any]]]:
    """Read a table in the order of its key, the same on both databases."""
    keys = [table.c[one.name] for one in SQLModel.metadata.tables[table.name].primary_key.columns]
    by_bytes = connection.dialect.name == "postgresql"  # a server's own order is that of some language
    order = [sa.collate(key, "C") if by_bytes and isinstance(key.type, sa.String) else key for key in keys]
    query = sa.select(*table.c).order_by(*order)
    with connection.execute(query, execution_options={"yield_per": PAGE}) as result:
        yield from result.partitions(PAGE)


def _take(digest: Any, page: Sequence[Sequence[Any]]) -> None:
    digest.update(b"".join(orjson.dumps([_shown(v) for v in row], option=_LINE) for row in page))


_LINE: Final = orjson.OPT_APPEND_NEWLINE


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _insert(target: Connection, table: sa.TableClause, page: Sequence[Sequence[Any]]) -> None:
    names = [column.name for column in table.c]
    if target.dialect.name != "postgresql":
        target.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in page])
        return
    # COPY is several times as fast as INSERT, and row triggers see its rows all the same.
    quoted = ", ".join(target.dialect.identifier_preparer.quote_identifier(name) for name in names)
    driver: Any = target.connection.driver_connection
    from psycopg import Error  # noqa: PLC0415 - SQLite needs no driver of a server

    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
            for row in page:
                copy.write_row(row)
    except Error as error:
        raise CannotKeep(
            N_("The new database refused rows of {table}: {why}. Nothing was changed."),
            table=table.name,
            why=str(error).partition("\n")[0],
        ) from error
