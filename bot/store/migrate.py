"""Bring the tables to this version: Alembic, run in place before anything else."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from bot.store.db import Store

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(store: Store) -> None:
    """Run every migration not yet run, in one transaction; raises StoreProblem."""
    await store.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
