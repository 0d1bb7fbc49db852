"""The log's own statements as the database's driver takes them, where each one's price counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Connection

from bot.audit.chain import HASHED
from bot.store.audit_tables import GENESIS

_NAMES: Final = ", ".join(f'"{name}"' for name in (*HASHED, "hash"))
_WIDTH: Final = len(HASHED) + 1
_END: Final = "SELECT seq, hash, (SELECT max(seq) FROM audit_head) FROM audit_entry ORDER BY seq DESC LIMIT 1"
_COLUMNS: Final = ", ".join("CAST(seq AS TEXT)" if name == "seq" else f'"{name}"' for name in HASHED)
_PAGE: Final = f"SELECT seq, hash, {_COLUMNS} FROM audit_entry"  # noqa: S608 - our own names

Bulk = tuple[Any, ...]
"""One entry as the driver gives it; text, unless somebody made something else of it."""


def marks(connection: Connection, count: int) -> str:
    """Write so many places for values: `?, ?` on SQLite, `%s, %s` on PostgreSQL."""
    return ", ".join(["?" if connection.dialect.name == "sqlite" else "%s"] * count)


def end_of_log(connection: Connection) -> tuple[int, str, int]:
    """Read the last entry's number and hash, and the number of the last checkpoint; zeros where none is."""
    rows = fetched(connection, _END)
    return (rows[0][0], rows[0][1], rows[0][2] or 0) if rows else (0, GENESIS, 0)


def fetched(connection: Connection, statement: str, values: Sequence[str] = ()) -> Sequence[Bulk]:
    """Read rows as the driver gives them, for a fraction of SQLAlchemy's price; errors are still its own."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement, values)
        return cast("list[Bulk]", cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error:
        return [tuple(row) for row in connection.exec_driver_sql(statement, tuple(values))]
    finally:
        cursor.close()


def rows_after(connection: Connection, seq: int | None, limit: int) -> list[Bulk] | None:
    """Read whole entries in bulk, in order: number, hash, then the columns in the order of `HASHED`.

    None where the driver cannot (SQLite's: bytes on disk that are no text, or the database went away).
    """
    onward = "" if seq is None else f"WHERE seq > {seq:d}"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"{_PAGE} {onward} ORDER BY 1 LIMIT {limit:d}")
        return cast("list[Bulk]", list(cursor.fetchall()))
    except connection.dialect.loaded_dbapi.Error:
        return None
    finally:
        cursor.close()


def insert_entries(connection: Connection, rows: Sequence[tuple[int | str | None, ...]]) -> None:
    """Insert entries, each as its columns in the order of `HASHED`, then its hash."""
    # OR FAIL: no entry is undone half way, so SQLite need not keep what every page held before.
    how = " OR FAIL" if connection.dialect.name == "sqlite" else ""
    statement = f"INSERT{how} INTO audit_entry ({_NAMES}) VALUES ({marks(connection, _WIDTH)})"
    connection.exec_driver_sql(statement, [*rows])
