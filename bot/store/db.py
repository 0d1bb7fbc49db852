"""The database connection: one writer at a time, durable at commit, readable meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.here import Work, carried_out
from bot.store.trouble import StoreAway, StoreBusy, StoreProblem, problems

__all__ = ["BUSY_TIMEOUT_SECONDS", "Store", "StoreAway", "StoreBusy", "StoreProblem"]

Result = TypeVar("Result")
BUSY_TIMEOUT_SECONDS = 30.0


class Store:
    """One database: `write()` is a transaction, durable when it returns; `read()` never waits for it.

    Writers come one after another, on PostgreSQL over all hosts: whatever a transaction read is still so
    when it writes, as on SQLite.
    """

    def __init__(self, engine: AsyncEngine, plain: Engine, url: str) -> None:
        self._engine = engine
        self._plain = plain
        self._worker = ThreadPoolExecutor(1, "store")
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None
        self.url = url
        self.after_commit: Callable[[], Awaitable[None]] | None = None
        """Called after each durable write; the audit log writes its signed head here."""
        self.after_commit_in: Callable[[], None] | None = None
        """Called instead of it after a `batch`, in its thread, where both are set."""
        self.committed: object = None
        """The transaction that was committed last; by it a hook knows whose commit it follows."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Store:
        """Open `sqlite+aiosqlite:///path` or `postgresql://…`; tables are not made here (see `migrate`).

        A file is made, and is its owner's alone, whatever the folder and the umask allow: it holds
        everybody's data. Raises StoreProblem for an address of another kind.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            from bot.store.server import postgresql_engines  # noqa: PLC0415 - most installs never need its driver

            return cls(*postgresql_engines(parsed, busy_timeout), url)
        if parsed.get_backend_name() != "sqlite":
            raise StoreProblem("BAWAB_DATABASE_URL must start with postgresql:// or sqlite+aiosqlite:///")
        _keep_private(url)
        timeout = {"timeout": busy_timeout}
        engine = create_async_engine(parsed, connect_args=timeout)
        plain = create_engine(
            parsed.set(drivername="sqlite"), connect_args=timeout | {"check_same_thread": False}
        )
        for one in (engine.sync_engine, plain):
            event.listen(one, "connect", _sqlite_connection)
            event.listen(one, "begin", _sqlite_begin)
        return cls(engine, plain, url)

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
                    transaction = connection.sync_connection and connection.sync_connection.get_transaction()
                    yield connection
                self.committed = transaction
            finally:
                self._writer = None
            if self.after_commit is not None:
                with problems():
                    await self.after_commit()

    async def batch(self, work: Callable[[Connection], Result]) -> Result:
        """Run synchronous work as one write transaction in a thread of its own; raises StoreProblem.

        For the hot path: many statements cost one change of threads, not one each.
        """
        async with self._writing:
            with problems():
                run = copy_context().run  # whose request it answers goes with it
                done = asyncio.get_running_loop().run_in_executor(self._worker, run, self._in_one_go, work)
                # A cancelled caller must not leave while its transaction goes on.
                result = await _to_its_end(done)
            if self.after_commit is not None and self.after_commit_in is None:
                with problems():
                    await self.after_commit()
        return result

    async def at_once(self, work: Work[Result]) -> Result:
        """Run a write transaction that waits for nothing but its own statements, as `batch` does."""
        return await self.batch(carried_out(work))

    def _in_one_go(self, work: Callable[[Connection], Result]) -> Result:
        with self._plain.connect() as connection:
            connection.execution_options(bawab_write=True)
            with connection.begin() as transaction:
                result = work(connection)
            self.committed = transaction
        if self.after_commit is not None and self.after_commit_in is not None:
            self.after_commit_in()
        return result

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with problems():
            async with self._engine.connect() as connection:
                await connection.execution_options(bawab_write=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Read from one consistent snapshot."""
        with problems():
            async with self._engine.connect() as connection:
                if self.dialect == "postgresql":  # one snapshot for all statements, as SQLite gives
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                async with connection.begin():
                    yield connection

    async def run_sync(self, work: Callable[[Connection], None]) -> None:
        """Run synchronous work (a migration) in a write transaction."""
        async with self.write() as connection:
            await connection.run_sync(work)

    async def aclose(self) -> None:
        """Close every connection; the next use opens new ones."""
        await self._engine.dispose()
        self._worker.shutdown()  # idle: a batch holds whoever waits for it
        self._worker = ThreadPoolExecutor(1, "store")
        self._plain.dispose()


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


async def _to_its_end(work: asyncio.Future[Result]) -> Result:
    """Wait for work that cannot be stopped half way; a cancellation is passed on once it has ended."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:  # noqa: BLE001 - given by `result` below
            break
    if cancelled is not None:
        raise cancelled
    return work.result()
