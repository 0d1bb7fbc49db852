"""SQLite as the store: how its file is opened, and its transactions, driven from the loop."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection

from bot.store.there import There
from bot.store.trouble import StoreBusy

READERS: Final = 15
"""How many transactions may read at the same time."""


class _Cursor(sqlite3.Cursor):
    """Reads all rows with its statement, in that thread: who takes them out never waits for the disk."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rows: deque[Any] = deque()

    def execute(self, *arguments: Any) -> _Cursor:
        super().execute(*arguments)
        self._rows = deque(super().fetchall() if self.description else ())
        return self

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        most = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(most)]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def __next__(self) -> Any:
        if not self._rows:
            raise StopIteration
        return self._rows.popleft()


class _File(sqlite3.Connection):
    """A connection whose cursors hold their rows."""

    def cursor(self, *_: Any, **__: Any) -> _Cursor:  # type: ignore[override]
        return super().cursor(_Cursor)


def sqlite_engine(url: URL, busy_timeout: float) -> Engine:
    """Open a file, which is made its owner's alone; `busy_timeout`: seconds to wait for another program."""
    _keep_private(url.database)
    asked = {"timeout": busy_timeout, "check_same_thread": False, "factory": _File}
    # One for each reader, one to write: who waits for a place waits in the loop, and holds no thread.
    engine = create_engine(
        url.set(drivername="sqlite"), connect_args=asked, pool_size=READERS + 1, max_overflow=1
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    return engine


class FileTransactions:
    """Transactions on one file, each statement in a thread."""

    def __init__(self, engine: Engine, busy_timeout: float) -> None:
        self.engine = engine
        self._patience = busy_timeout
        self._places = asyncio.Semaphore(READERS)
        self._threads = _threads()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[There]:
        """Read from one snapshot, which begins with the first statement; raises StoreBusy."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise StoreBusy("every connection to the database is in use; try again") from None
        try:
            async with _whole(There(self.engine, self._threads, writes=False)) as there:
                yield there
        finally:
            self._places.release()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[There]:
        """Write; committed when the block ends well. One at a time: the caller sees to it."""
        async with _whole(There(self.engine, self._threads, writes=True)) as there:
            await there.begin()
            yield there

    async def aclose(self) -> None:
        """Let the threads go; the next transaction starts new ones."""
        self._threads.shutdown()
        self._threads = _threads()


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(READERS + 1, "store")


@asynccontextmanager
async def _whole(there: There) -> AsyncIterator[There]:
    try:
        yield there
    except BaseException:
        await there.end(commit=False)
        raise
    await there.end(commit=True)


def _keep_private(path: str | None) -> None:
    """Make the database file with mode 0600, or take away what others may; SQLite's own files follow it."""
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


def _connected(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("bawab_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
