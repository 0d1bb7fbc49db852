"""The job queue's own tables: Procrastinate's, in a schema of their own, made ready at a start."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, Select, column, func, insert, select, table, text

from bot.store.db import Store

SCHEMA: Final = "procrastinate"
WORKERS: Final = table("procrastinate_workers", column("id"), column("last_heartbeat"), schema=SCHEMA)
_NOTE: Final = table("bawab_applied", column("migration"), schema=SCHEMA)
_POST: Final = "_post_"
"""In the name of a migration that older processes would miss something after."""


async def ensure_queue(store: Store, stalled_seconds: float) -> list[str]:
    """Make the queue's tables, or bring them to this version; gives the migrations that were run.

    What only makes ready for the new version is run at once; what takes away from the old one waits until no
    process has given a sign of life for `stalled_seconds`, so that old and new may work side by side. Raises
    StoreProblem.
    """
    async with store.read() as tx:
        if set(_names()) == await tx.run_sync(_applied):
            return []
    return await store.batch(lambda connection: _bring(connection, stalled_seconds))


def _bring(connection: Connection, stalled_seconds: float) -> list[str]:
    """Run under the one write lock: of two processes that start at once, the second finds it done."""
    plain: Any = connection.connection.driver_connection
    plain.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    plain.execute(f"SET LOCAL search_path = {SCHEMA}")
    applied = _applied(connection)
    if not applied:
        plain.execute(SchemaManager.get_schema())
        plain.execute(
            f"CREATE TABLE {_NOTE.fullname} "
            "(migration text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        )
        run = _names()
    else:
        lonely = connection.execute(living(stalled_seconds).limit(1)).first() is None
        run = [name for name in _names() if name not in applied and (lonely or _POST not in name)]
        for name in run:
            plain.execute((_folder() / name).read_text(encoding="utf-8"))
    for name in run:
        connection.execute(insert(_NOTE).values(migration=name))
    plain.execute("SET LOCAL search_path = DEFAULT")
    return run


def _applied(connection: Connection) -> set[str]:
    there = connection.execute(text("SELECT to_regclass(:name)"), {"name": _NOTE.fullname}).scalar()
    if there is None:
        return set()
    return set(connection.execute(select(_NOTE.c.migration)).scalars())


def living(seconds: float) -> Select[Any]:
    """Give the numbers of the queue's workers that gave a sign of life within so many seconds."""
    latest = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return select(WORKERS.c.id).where(WORKERS.c.last_heartbeat > latest)


def _folder() -> Path:
    return Path(SchemaManager.get_migrations_path())


@cache
def _names() -> list[str]:
    """Name Procrastinate's migrations, in the order they are run in; the whole schema holds them all."""
    return sorted(path.name for path in _folder().glob("*.sql"))
