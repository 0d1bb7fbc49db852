"""PostgreSQL as the store: how it is reached, and who may write now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

WRITER: Final = 0x6261776162
"""Any constant: all of Bawab's processes on one PostgreSQL take this lock for as long as they write."""
CONNECTIONS: Final = 10
"""How many one process keeps; as many again for a moment."""
SILENT_SECONDS: Final = 15
"""After how long without a sign the other end counts as gone; TCP itself would wait for two hours."""
_PROBE_SECONDS: Final = 5
IDLE_SECONDS: Final = 120
"""How long a write may stand still between two statements, while all other writers wait for it."""


class ServerTransactions:
    """Transactions on one server, by a driver that waits in the loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """What opens the connections."""
        return self._engine.sync_engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read from one snapshot, for all statements, as SQLite gives."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Write; committed when the block ends well."""
        async with self._engine.connect() as connection:
            await connection.execution_options(bawab_write=True)
            async with connection.begin():
                yield connection

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def postgresql_engines(url: URL, busy_timeout: float) -> tuple[AsyncEngine, Engine]:
    """Make the two engines of one PostgreSQL database: for coroutines, and for work in a thread.

    `busy_timeout`: seconds to wait for the turn to write, for a connection, and for the server to answer.
    """
    address = url.set(drivername="postgresql+psycopg")
    asked = _asked(url, busy_timeout)
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


def _asked(url: URL, busy_timeout: float) -> dict[str, Any]:
    """Give what each connection asks for; what the address itself says goes before it.

    A server or host that vanished without a word is noticed within `SILENT_SECONDS`, by both ends: the other
    end's notice ends the transaction, and with it the lock that all writers wait for.
    """
    server = {
        "lock_timeout": int(busy_timeout * 1000),
        "timezone": "UTC",
        "tcp_keepalives_idle": _PROBE_SECONDS,
        "tcp_keepalives_interval": _PROBE_SECONDS,
        "tcp_keepalives_count": SILENT_SECONDS // _PROBE_SECONDS - 1,
        "tcp_user_timeout": SILENT_SECONDS * 1000,
    }
    ours = {
        "connect_timeout": max(2, min(SILENT_SECONDS, int(busy_timeout))),
        "keepalives_idle": _PROBE_SECONDS,
        "keepalives_interval": _PROBE_SECONDS,
        "keepalives_count": SILENT_SECONDS // _PROBE_SECONDS - 1,
        "tcp_user_timeout": SILENT_SECONDS * 1000,
        # Of several hosts, or after a failover: the one that takes writes.
        "target_session_attrs": "read-write",
        "application_name": "bawab",
    }
    told = [f"-c {name}={value}" for name, value in server.items()]
    said = url.query.get("options", "")
    options = " ".join([*told, *([said] if isinstance(said, str) else said)]).strip()
    return {name: value for name, value in ours.items() if name not in url.query} | {"options": options}


def _one_writer(connection: Connection) -> None:
    """Let whoever writes be alone, over all processes: nothing read in a write goes stale before it ends.

    A process that stands still in the middle of a write (a frozen machine) is cut off by the server.
    """
    if connection.get_execution_options().get("bawab_write", False):
        connection.exec_driver_sql(
            f"SELECT set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', true), "
            f"pg_advisory_xact_lock({WRITER})"
        )
