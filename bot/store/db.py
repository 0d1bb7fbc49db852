"""The database connection: one writer at a time, durable at commit, readable meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_TIMEOUT_SECONDS = 30.0


class StoreProblem(Exception):
    """The database cannot be used now: disk full, locked, damaged; says which, and what to do."""


class Store:
    """One database: `write()` is a transaction, durable when it returns; `read()` never waits for it."""

    def __init__(self, engine: AsyncEngine, url: str) -> None:
        self._engine = engine
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None
        self.url = url
        self.after_commit: Callable[[], Awaitable[None]] | None = None
        """Called after each durable write; the audit log writes its signed head here."""

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Store:
        """Open `sqlite+aiosqlite:///path`; the file is made, the tables are not (see `migrate`).

        The file is its owner's alone, whatever the folder and the umask allow: it holds everybody's data.
        """
        _keep_private(url)
        engine = create_async_engine(url, connect_args={"timeout": busy_timeout})
        event.listen(engine.sync_engine, "connect", _sqlite_connection)
        event.listen(engine.sync_engine, "begin", _sqlite_begin)
        return cls(engine, url)

    @classmethod
    def at(cls, path: Path, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Store:
        """Open the SQLite database in a file."""
        return cls.open(f"sqlite+aiosqlite:///{path}", busy_timeout=busy_timeout)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Run a transaction under the only write lock, on disk when it ends; raises StoreProblem."""
        if self._writer is not None and self._writer is asyncio.current_task():
            raise RuntimeError("a write inside a write would wait for itself; pass the transaction on")
        async with self._writing:
            self._writer = asyncio.current_task()
            try:
                async with self._transaction() as connection:
                    yield connection
            finally:
                self._writer = None
            if self.after_commit is not None:
                with _problems():
                    await self.after_commit()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with _problems():
            async with self._engine.connect() as connection:
                await connection.execution_options(bawab_write=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Read from one consistent snapshot."""
        with _problems():
            async with self._engine.connect() as connection, connection.begin():
                yield connection

    async def run_sync(self, work: Callable[[Connection], None]) -> None:
        """Run synchronous work (a migration) in a write transaction."""
        async with self.write() as connection:
            await connection.run_sync(work)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _keep_private(url: str) -> None:
    """Make the database file with mode 0600, or take away what others may; SQLite's own files follow it."""
    path = make_url(url).database
    if not path or path.startswith((":", "file:")):
        return
    with suppress(OSError):  # what cannot be made cannot be opened either, and is then said
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            mode = os.fstat(handle).st_mode & 0o777
            if mode & 0o077:
                os.fchmod(handle, mode & 0o700)
        finally:
            os.close(handle)


def _sqlite_connection(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("bawab_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _problems() -> Iterator[None]:
    """Turn the database's own refusals into StoreProblem, each with what to do."""
    try:
        yield
    except OperationalError as error:
        raise StoreProblem(_explain(str(error.orig))) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise  # a broken constraint is no fault of the database
        raise StoreProblem(_explain(str(error.orig))) from error


def _explain(message: str) -> str:
    lowered = message.lower()
    if "full" in lowered or "disk i/o" in lowered:
        return f"the disk that holds the database is full ({message}); free space, then start Bawab again"
    if "readonly" in lowered:
        return (
            f"the database file or its folder cannot be written ({message}); give the user Bawab runs as the "
            "right to write there"
        )
    if "locked" in lowered or "busy" in lowered:
        return f"the database is locked by another program ({message}); close it, then try again"
    if "not a database" in lowered or "malformed" in lowered:
        return f"the database file is damaged ({message}); keep a copy of it, and restore it from a backup"
    if "no such table" in lowered:
        return f"the database has no tables yet ({message}); run `bawab run` once, which makes them"
    return f"the database refused: {message}"
