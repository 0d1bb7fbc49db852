"""The database connection: one writer at a time, durable at commit, readable meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Engine
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.file import FileTransactions, sqlite_engine
from bot.store.here import Work, carried_out
from bot.store.there import There, to_its_end
from bot.store.trouble import StoreAway, StoreBusy, StoreProblem, problems

__all__ = ["BUSY_TIMEOUT_SECONDS", "Store", "StoreAway", "StoreBusy", "StoreProblem"]

Result = TypeVar("Result")
BUSY_TIMEOUT_SECONDS = 30.0


class _Transactions(Protocol):
    """Transactions of one database for coroutines, as `file` and `server` give them."""

    @property
    def engine(self) -> Engine: ...

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection | There]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection | There]: ...

    async def aclose(self) -> None: ...


class Store:
    """One database: `write()` is a transaction, durable when it returns; `read()` never waits for it.

    Writers come one after another, on PostgreSQL over all hosts: whatever a transaction read is still so
    when it writes, as on SQLite.
    """

    def __init__(self, transactions: _Transactions, plain: Engine, url: str) -> None:
        self._transactions = transactions
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
    def engines(self) -> tuple[Engine, ...]:
        """Every engine that opens connections, for whoever listens to their events."""
        return tuple({self._plain, self._transactions.engine})

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._plain.dialect.name

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> Store:
        """Open `sqlite+aiosqlite:///path` or `postgresql://…`; tables are not made here (see `migrate`).

        A file is made, and is its owner's alone, whatever the folder and the umask allow: it holds
        everybody's data. Raises StoreProblem for an address of another kind.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            from bot.store import server  # noqa: PLC0415 - most installs never need its driver

            waiting, plain = server.postgresql_engines(parsed, busy_timeout)
            return cls(server.ServerTransactions(waiting), plain, url)
        if parsed.get_backend_name() != "sqlite":
            raise StoreProblem("BAWAB_DATABASE_URL must start with postgresql:// or sqlite+aiosqlite:///")
        engine = sqlite_engine(parsed, busy_timeout)
        return cls(FileTransactions(engine, busy_timeout), engine, url)

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
                with problems():
                    async with self._transactions.writing() as connection:
                        yield cast("AsyncConnection", connection)
                        plain = connection.sync_connection
                        transaction = plain and plain.get_transaction()
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
                result = await to_its_end(done)
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
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Read from one consistent snapshot."""
        with problems():
            async with self._transactions.reading() as connection:
                yield cast("AsyncConnection", connection)

    async def look(self, work: Work[Result]) -> Result:
        """Read what waits for nothing but its own statements: for all of them one change of threads."""
        async with self.read() as tx:
            return await tx.run_sync(carried_out(work))

    async def run_sync(self, work: Callable[[Connection], None]) -> None:
        """Run synchronous work (a migration) in a write transaction."""
        async with self.write() as connection:
            await connection.run_sync(work)

    async def aclose(self) -> None:
        """Close every connection; the next use opens new ones."""
        await self._transactions.aclose()
        self._worker.shutdown()  # idle: a batch holds whoever waits for it
        self._worker = ThreadPoolExecutor(1, "store")
        self._plain.dispose()
