"""The database connection: one writer at a time, durable at commit, readable meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.here import Work, carried_out

Result = TypeVar("Result")
BUSY_TIMEOUT_SECONDS = 30.0


class StoreProblem(Exception):
    """The database cannot be used now: disk full, locked, damaged; says which, and what to do."""


class StoreAway(StoreProblem):
    """The database server is not there now; what was under way did not happen, or is to be read again."""


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
                with _problems():
                    await self.after_commit()

    async def batch(self, work: Callable[[Connection], Result]) -> Result:
        """Run synchronous work as one write transaction in a thread of its own; raises StoreProblem.

        For the hot path: many statements cost one change of threads, not one each.
        """
        async with self._writing:
            with _problems():
                run = copy_context().run  # whose request it answers goes with it
                done = asyncio.get_running_loop().run_in_executor(self._worker, run, self._in_one_go, work)
                # A cancelled caller must not leave while its transaction goes on.
                result = await _to_its_end(done)
            if self.after_commit is not None and self.after_commit_in is None:
                with _problems():
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
        with _problems():
            async with self._engine.connect() as connection:
                await connection.execution_options(bawab_write=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Read from one consistent snapshot."""
        with _problems():
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


@contextmanager
def _problems() -> Iterator[None]:
    """Turn the database's own refusals into StoreProblem, each with what to do."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreProblem(f"every connection to the database is in use ({error}); try again") from error
    except OperationalError as error:
        if error.connection_invalidated or _is_away(error):
            raise StoreAway(f"the database server does not answer ({_first_line(error)})") from error
        raise StoreProblem(_explain(str(error.orig))) from error
    except DatabaseError as error:
        if error.connection_invalidated:
            raise StoreAway(f"the database server went away ({_first_line(error)})") from error
        if type(error) is not DatabaseError:
            raise  # a broken constraint is no fault of the database
        raise StoreProblem(_explain(str(error.orig))) from error


def _is_away(error: OperationalError) -> bool:
    """Whether PostgreSQL is not there, rather than refusing: by its SQLSTATE, or by having none to say."""
    if not type(error.orig).__module__.startswith("psycopg"):
        return False
    state = getattr(error.orig, "sqlstate", None)
    # Class 08: connection exceptions; 57P01 to 57P03: shut down, crashed, starting up.
    return state is None or state.startswith("08") or state in {"57P01", "57P02", "57P03"}


def _first_line(error: DatabaseError) -> str:
    return str(error.orig).strip().partition("\n")[0]


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
