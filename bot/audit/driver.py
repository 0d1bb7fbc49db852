"""The log's own statements as the database's driver takes them, where each one's price counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from bot.audit.chain import HASHED
from bot.store.audit_tables import GENESIS

_NAMES: Final = ", ".join(f'"{name}"' for name in (*HASHED, "hash"))
_WIDTH: Final = len(HASHED) + 1
_END: Final = "SELECT seq, hash, (SELECT max(seq) FROM audit_head) FROM audit_entry ORDER BY seq DESC LIMIT 1"


def marks(connection: Connection, count: int) -> str:
    """Write so many places for values: `?, ?` on SQLite, `%s, %s` on PostgreSQL."""
    return ", ".join(["?" if connection.dialect.name == "sqlite" else "%s"] * count)


def end_of_log(connection: Connection) -> tuple[int, str, int]:
    """Read the last entry's number and hash, and the number of the last checkpoint; zeros where none is."""
    row = connection.exec_driver_sql(_END).first()
    return (0, GENESIS, 0) if row is None else (row[0], row[1], row[2] or 0)


def insert_entries(connection: Connection, rows: Sequence[tuple[int | str | None, ...]]) -> None:
    """Insert entries, each as its columns in the order of `HASHED`, then its hash."""
    # OR FAIL: no entry is undone half way, so SQLite need not keep what every page held before.
    how = " OR FAIL" if connection.dialect.name == "sqlite" else ""
    statement = f"INSERT{how} INTO audit_entry ({_NAMES}) VALUES ({marks(connection, _WIDTH)})"
    connection.exec_driver_sql(statement, [*rows])
