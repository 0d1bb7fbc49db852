"""One office for each test; the tables are made once and copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.db import Store
from bot.store.migrate import migrate
from tests.bot.notices.office import Office, open_office


async def make_tables(database: Path) -> None:
    store = Store.at(database)
    await migrate(store)
    await store.aclose()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("tables") / "bawab.db"
    asyncio.run(make_tables(database))
    return database


@pytest.fixture
async def office(empty_database: Path, tmp_path: Path) -> AsyncIterator[Office]:
    shutil.copy(empty_database, tmp_path / "bawab.db")
    async with open_office(tmp_path) as opened:
        yield opened
