"""Bring the tables to this version: Alembic, run in place before anything else."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.db import Store

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(store: Store) -> None:
    """Run every migration not yet run, in one transaction; raises StoreProblem.

    Tables that are at this version already are only looked at: a command that reads must not wait for the
    lock of a program that writes.
    """
    async with store.read() as connection:
        current = await connection.run_sync(_is_current)
    if not current:
        await store.run_sync(_upgrade)


def _is_current(connection: Connection) -> bool:
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
