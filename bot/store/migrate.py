"""Bring the tables to this version: Alembic, run in place before anything else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.collation import order_by_bytes
from bot.store.db import Store, StoreProblem

MIGRATIONS = Path(__file__).parent / "migrations"


class TooNew(StoreProblem):
    """The tables were made by a newer Bawab: this one touches nothing."""


async def migrate(store: Store) -> None:
    """Run every migration not yet run, in one transaction; raises StoreProblem.

    Tables that are at this version already are only looked at: a command that reads must not wait for the
    lock of a program that writes.
    """
    async with store.read() as connection:
        current = await connection.run_sync(_is_current)
        await connection.run_sync(_refuse_newer)
    if not current:
        await store.run_sync(_upgrade)


async def check_known(store: Store) -> None:
    """Make sure that no newer Bawab has changed the tables meanwhile; raises TooNew, StoreProblem."""
    async with store.read() as connection:
        await connection.run_sync(_refuse_newer)


def _refuse_newer(connection: Connection) -> None:
    known, newest = _known(), max(_known())
    heads = MigrationContext.configure(connection).get_current_heads()
    if unknown := sorted(set(heads) - known):
        raise TooNew(
            f"the database is at version {', '.join(unknown)}, and this Bawab knows none beyond {newest}: "
            "a newer one has been at work on it. Install that version here, then start again; what this "
            "process had begun is carried on by the others"
        )


@cache
def _known() -> frozenset[str]:
    return frozenset(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def _is_current(connection: Connection) -> bool:
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def _upgrade(connection: Connection) -> None:
    if _is_current(connection):
        return  # another process that started at the same moment was quicker
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    order_by_bytes(connection)  # after each upgrade: no migration can forget it


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
