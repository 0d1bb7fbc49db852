"""Alembic's environment: always run in place, on the connection `bot.store.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import bot.store.access_tables
import bot.store.audit_tables
import bot.store.group_tables
import bot.store.tables  # noqa: F401  - both register their tables on SQLModel.metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True
)
context.run_migrations()
