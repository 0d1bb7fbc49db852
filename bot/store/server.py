"""PostgreSQL as the store: how it is reached, and who may write now."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITER: Final = 0x6261776162
"""Any constant: all of Bawab's processes on one PostgreSQL take this lock for as long as they write."""
CONNECTIONS: Final = 10
"""How many one process keeps; as many again for a moment."""


def postgresql_engines(url: URL, busy_timeout: float) -> tuple[AsyncEngine, Engine]:
    """Make the two engines of one PostgreSQL database: for coroutines, and for work in a thread.

    `busy_timeout`: seconds to wait for the turn to write, for a connection, and for the server to answer.
    """
    address = url.set(drivername="postgresql+psycopg")
    patience = int(busy_timeout * 1000)
    asked = {
        "connect_timeout": max(2, int(busy_timeout)),
        "options": f"-c lock_timeout={patience} -c timezone=UTC",
        "application_name": "bawab",
    }
    engine = create_async_engine(
        address,
        connect_args=asked,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=busy_timeout,
        pool_pre_ping=True,
    )
    plain = create_engine(address, connect_args=asked, pool_size=1, max_overflow=1, pool_pre_ping=True)
    for one in (engine.sync_engine, plain):
        event.listen(one, "begin", _one_writer)
    return engine, plain


def _one_writer(connection: Connection) -> None:
    """Let whoever writes be alone, over all processes: nothing read in a write goes stale before it ends."""
    if connection.get_execution_options().get("bawab_write", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")
