"""A transaction driven from the loop: every statement is one change of threads, its end one at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

Result = TypeVar("Result")


class There:
    """A plain connection with the face of an asynchronous one; begun with the first statement, if not before.

    `threads` may be many: statements of one transaction come one after another all the same.
    """

    def __init__(self, engine: Engine, threads: Executor, *, writes: bool) -> None:
        self._engine = engine
        self._threads = threads
        self._writes = writes
        self.dialect = engine.dialect
        self.sync_connection: Connection | None = None
        """The plain connection; None before the first statement."""

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return await self._in_thread(lambda connection: connection.execute(statement, parameters))

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return await self._in_thread(lambda connection: connection.scalar(statement, parameters))

    async def scalars(self, statement: Any, parameters: Any = None) -> Any:
        return await self._in_thread(lambda connection: connection.scalars(statement, parameters))

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> Any:
        return await self._in_thread(lambda connection: connection.exec_driver_sql(statement, parameters))

    async def run_sync(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await self._in_thread(lambda connection: work(connection, *arguments, **named))

    async def begin(self) -> None:
        """Take a connection, and the lock where it writes, before the first statement."""
        await self._in_thread(lambda _: None)

    async def end(self, *, commit: bool) -> None:
        """Commit or roll back, and give the connection back; where it only read, without a thread."""
        connection = self.sync_connection
        if connection is None:
            return
        if self._writes:
            await self._thread(_end, connection, commit)
        else:
            connection.close()

    async def _in_thread(self, work: Callable[[Connection], Result]) -> Result:
        return await self._thread(self._with_connection, work)

    async def _thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        run = copy_context().run  # whose request it answers goes with it
        loop = asyncio.get_running_loop()
        # A cancelled caller must not roll back beside a statement that goes on.
        return await to_its_end(loop.run_in_executor(self._threads, run, work, *arguments))

    def _with_connection(self, work: Callable[[Connection], Result]) -> Result:
        if self.sync_connection is None:
            self.sync_connection = self._begun()
        return work(self.sync_connection)

    def _begun(self) -> Connection:
        connection = self._engine.connect().execution_options(bawab_write=self._writes)
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection


def _end(connection: Connection, commit: bool) -> None:
    try:
        if commit:
            connection.commit()
    finally:
        connection.close()  # which rolls back what was not committed


async def to_its_end(work: asyncio.Future[Result]) -> Result:
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
