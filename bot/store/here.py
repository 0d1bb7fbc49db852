"""A transaction in a thread of its own: the usual queries, without a change of threads for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

Result = TypeVar("Result")
Work = Callable[[AsyncConnection], Awaitable[Result]]


class _Here:
    """A plain connection with the face of an asynchronous one; nothing here ever waits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.scalar(statement, parameters)

    async def scalars(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.scalars(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> Any:
        return self._connection.exec_driver_sql(statement, parameters)

    async def run_sync(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return work(self._connection, *arguments, **named)


def carried_out(work: Work[Result]) -> Callable[[Connection], Result]:
    """Make of a coroutine over a transaction a plain function over a connection, for `Store.batch`.

    The coroutine may wait for its transaction and for nothing else: there is no loop in that thread.
    Raises RuntimeError where it does.
    """

    def run(connection: Connection) -> Result:
        steps = work(cast("AsyncConnection", _Here(connection))).__await__()
        try:
            next(steps)
        except StopIteration as end:
            return cast("Result", end.value)
        raise RuntimeError("a transaction in a thread waited for something beside the database")

    return run
