"""A real log over a real SQLite file, and the raw access that a tamperer would have."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bot.audit.actions import Action
from bot.audit.chain import entry_hash
from bot.audit.findings import Verification
from bot.audit.log import AuditLog, Entry, open_audit
from bot.store.audit_tables import create_audit
from bot.store.db import Store


class Clock:
    """Each look at it is a second later."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)) -> None:
        self.at = start

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Bench:
    """One data directory with its log."""

    directory: Path
    store: Store
    log: AuditLog

    @property
    def database(self) -> Path:
        """SQLite's file; what needs it in hand is not asked of a server."""
        if self.store.dialect != "sqlite":
            pytest.skip("SQLite only: the database's file in hand")
        return self.directory / "bawab.db"

    async def write(self, *entries: Entry) -> int:
        async with self.store.write() as tx:
            return await self.log.append(tx, *entries)

    async def problems(self) -> list[tuple[str, int | None]]:
        """Verify, and give the code and entry of each finding."""
        found = await self.log.verify()
        assert found.ok is (not found.findings), "`ok` and the findings must agree"
        return [(problem.code, problem.seq) for problem in found.findings]

    async def verify(self) -> Verification:
        return await self.log.verify()

    def tamper(self, *statements: str | tuple[str, Sequence[Any]]) -> None:
        """Do as one with the file in hand would: drop every trigger, then whatever they like."""
        with sqlite3.connect(self.database) as raw:
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                raw.execute(*((statement,) if isinstance(statement, str) else statement))
        raw.close()

    def rows(self) -> list[dict[str, Any]]:
        if self.store.dialect == "postgresql":
            with psycopg.connect(self.store.url, row_factory=dict_row) as server:
                return server.execute("SELECT * FROM audit_entry ORDER BY seq").fetchall()
        with sqlite3.connect(self.database) as raw:
            raw.row_factory = sqlite3.Row
            found = raw.execute("SELECT * FROM audit_entry ORDER BY seq").fetchall()
        raw.close()
        return [dict(row) for row in found]

    def rechain(self, first: int) -> None:
        """Recompute every hash from an entry on, as a careful forger would."""
        rows = self.rows()
        for before, row in zip(rows[first - 2 :], rows[first - 1 :], strict=False):
            row["prev_hash"] = before["hash"]
            row["hash"] = entry_hash(row)
            values = (row["prev_hash"], row["hash"], row["seq"])
            self.tamper(("UPDATE audit_entry SET prev_hash = ?, hash = ? WHERE seq = ?", values))


async def at_work(directory: Path) -> Bench:
    """Open the log in a directory that holds its database."""
    url = os.environ.get("BAWAB_DATABASE_URL")  # the test's own, where PostgreSQL was asked for
    store = Store.open(url) if url else Store.at(directory / "bawab.db")
    return Bench(directory, store, await open_audit(store, directory, Clock()))


async def copied(template: Path, directory: Path) -> Bench:
    """Open a copy of a log made before; on a server the same is written again."""
    if not os.environ.get("BAWAB_DATABASE_URL"):
        return await at_work(shutil.copytree(template, directory))
    await asyncio.to_thread(directory.mkdir)
    if template.name == "log":
        await _write_ten(directory)
    return await at_work(directory)


async def _write_ten(directory: Path) -> None:
    made = await at_work(directory)
    for first in (1, 6):
        await made.write(removal(first), removal(first + 1))
        await made.write(*(removal(number) for number in range(first + 2, first + 5)))
        await made.log.checkpoint(f"run {first}")
    await made.store.aclose()


@pytest.fixture(scope="session")
def empty_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables and triggers, made once and copied for each test."""
    directory = tmp_path_factory.mktemp("empty")
    asyncio.run(_make_tables(directory))
    return directory


async def _make_tables(directory: Path) -> None:
    store = Store.at(directory / "bawab.db")
    await store.run_sync(create_audit)
    await store.aclose()


@pytest.fixture(scope="session")
def ten_directory(empty_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of ten entries, written once and copied for each test."""
    directory = tmp_path_factory.mktemp("ten") / "log"
    shutil.copytree(empty_directory, directory)
    if not os.environ.get("BAWAB_DATABASE_URL"):
        asyncio.run(_write_ten(directory))
    return directory


@pytest.fixture
async def bench(empty_directory: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    """An empty log."""
    made = await copied(empty_directory, tmp_path / "log")
    yield made
    await made.store.aclose()


@pytest.fixture
async def ten(ten_directory: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    """A log of ten entries, checkpointed after the fifth and the tenth."""
    made = await copied(ten_directory, tmp_path / "log")
    yield made
    await made.store.aclose()


def removal(number: int) -> Entry:
    """An entry with every column filled."""
    return Entry(
        Action.STEP_RECORD,
        "bawab",
        outcome="verified_absent",
        person_id=f"E{number}",
        case_id=f"case-{number}",
        step_id=f"step-{number}",
        run_id="run-1",
        instance="slack-main",
        platform="slack",
        group_id=f"C{number:03}",
        group_name="المبيعات",
        rule="leavers.yaml:1",
        quality="observed",
        request_id=f"req-{number}",
        before={"member": True},
        after={"member": False},
        detail={"attempt": number},
        personal={"name": f"Ana Quispe {number}", "email": f"ana{number}@example.com"},
    )
