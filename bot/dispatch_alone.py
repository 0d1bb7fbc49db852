"""What only one process may do at a time, on PostgreSQL: a lock that lasts as long as one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Final

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from bot.app import Bawab
from bot.store.db import StoreAway, StoreBusy

AGAIN_SECONDS: Final = 5.0
"""How often, at least, a process that waits for its turn asks again, and one that has it makes sure of it."""
VANISHED: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "connect_timeout": 10,
}
"""A host that vanishes without a word must not be waited for by the hour."""

logger = structlog.get_logger(__name__)


def address_of(url: str, **asked: Any) -> str:
    """Give a store's address as the driver reads it."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return make_conninfo(plain, **{**VANISHED, "application_name": "bawab lock", **asked})


def number_of(name: str) -> int:
    """Give a lock's number for its name: 63 bits of its hash."""
    return int.from_bytes(sha256(f"bawab {name}".encode()).digest()[:8], "big") >> 1


@asynccontextmanager
async def turn(url: str, name: str, *, shared: bool = False) -> AsyncIterator[psycopg.AsyncConnection | None]:
    """Take a lock if it is free, while the block runs; None where another has it. Raises StoreAway."""
    try:
        connection = await psycopg.AsyncConnection.connect(address_of(url), autocommit=True)
    except psycopg.OperationalError as error:
        raise StoreAway(f"the database server does not answer ({error})") from error
    async with connection:
        how = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        found = await (await connection.execute(f"SELECT {how}(%s)".encode(), [number_of(name)])).fetchone()
        yield connection if found and found[0] else None


async def in_turn(app: Bawab, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do endless work in one process of all: whoever comes second waits until the first is gone.

    For PostgreSQL only.
    """
    again = min(AGAIN_SECONDS, app.settings.workers.heartbeat_seconds / 2)
    while True:
        try:
            async with turn(app.store.url, name) as connection:
                if connection is not None:
                    await _while_held(connection, work, again)
        except (psycopg.Error, StoreAway, StoreBusy) as error:
            logger.warning("turn_lost", of=name, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - nobody awaits this work: it is said, and begun anew
            logger.error("turn_failed", of=name, error=type(error).__name__, said=str(error))  # noqa: TRY400
        await asyncio.sleep(again)


async def _while_held(
    connection: psycopg.AsyncConnection, work: Callable[[], Awaitable[None]], again: float
) -> None:
    """Work until the connection is gone, and with it the lock; raises psycopg.Error then."""
    task = asyncio.ensure_future(work())
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=again)
            await connection.execute("SELECT 1")
        task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
