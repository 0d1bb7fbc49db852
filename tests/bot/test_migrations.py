"""An installation of the first version is brought to this one with its rows, and fits the tables of today."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import bot.store.audit_tables
import bot.store.group_tables  # noqa: F401 - both register their tables
from bot.store.db import Store
from bot.store.migrate import MIGRATIONS, migrate

_STEP = {
    "case_id": "c1",
    "person_id": "E1",
    "instance": "acme",
    "platform": "slack",
    "action": "revoke",
    "stage": 1,
    "account_id": "U1",
    "account": "{}",
    "group_id": "C1",
    "role": "member",
    "manner": "kick",
    "rule": "r",
    "why": "w",
    "since_approval": 0,
    "priority": 10,
    "state": "pending",
    "acted": "no",
    "detail": "",
    "remedy": "",
    "attempts": 0,
    "reads": 0,
    "quality": "unknown",
    "request_id": "",
    "created_at": "2026-01-01T00:00:00.000000Z",
    "updated_at": "2026-01-01T00:00:00.000000Z",
}


async def _first_version(store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def up(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        names = ", ".join(f'"{name}"' for name in ("id", *_STEP))
        marks = ", ".join(f":{name}" for name in ("id", *_STEP))
        insert = f"INSERT INTO step ({names}) VALUES ({marks})"  # noqa: S608 - our own names, above
        connection.execute(text(insert), {"id": "s1"} | _STEP)

    await store.run_sync(up)


async def test_steps_of_the_first_version_survive_and_may_then_differ_by_what_they_close(
    tmp_path: Path,
) -> None:
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    try:
        await _first_version(store)
        await migrate(store)
        async with store.write() as tx:
            await tx.execute(text("UPDATE step SET target_id = 'link-1'"))
            await tx.execute(text("CREATE TEMP TABLE twin AS SELECT * FROM step"))
            await tx.execute(text("UPDATE twin SET id = 's2', target_id = 'link-2'"))
            await tx.execute(text("INSERT INTO step SELECT * FROM twin"))
            kept = (await tx.execute(text("SELECT id, target_id FROM step ORDER BY id"))).all()
        assert [tuple(row) for row in kept] == [("s1", "link-1"), ("s2", "link-2")]
    finally:
        await store.aclose()


async def test_the_migrations_lead_exactly_to_the_tables_of_today(tmp_path: Path) -> None:
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    try:
        await migrate(store)

        def differences(connection: Connection) -> list[object]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, SQLModel.metadata))

        found: list[object] = []
        await store.run_sync(lambda connection: found.extend(differences(connection)))
        assert found == []
    finally:
        await store.aclose()
