"""A command that only reads does not wait while another program holds the database's write lock."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bot.app import open_bawab
from bot.settings import load_settings
from bot.status import status
from bot.store.db import Store, StoreProblem
from bot.store.migrate import migrate
from tests.bot.world import POLICY


async def test_where_everything_stands_is_read_past_another_programs_write_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    env_file = tmp_path / "bawab.env"
    env_file.write_text(f"BAWAB_DATA_DIR={tmp_path}\nBAWAB_POLICIES={tmp_path / 'policy.yaml'}\n")
    settings = load_settings(env_file)
    async with open_bawab(settings, connect=False):
        pass
    other = sqlite3.connect(tmp_path / "bawab.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        async with asyncio.timeout(25), open_bawab(settings, connect=False) as app:
            assert (await status(app)).cases == {}
    finally:
        other.close()


async def test_tables_that_are_not_there_yet_are_made_and_so_need_the_lock(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "bawab.db", isolation_level=None)
    store = Store.at(tmp_path / "bawab.db", busy_timeout=0.05)
    try:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreProblem, match="locked"):
            await migrate(store)
        other.execute("COMMIT")
        await migrate(store)
        async with store.read() as tx:
            assert (await tx.exec_driver_sql("SELECT count(*) FROM feed")).scalar() == 0
    finally:
        other.close()
        await store.aclose()
