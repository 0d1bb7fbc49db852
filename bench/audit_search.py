"""Measures searches of a long log, p50 and p99. Run: `python -m bench.audit_search [ENTRIES] [FOLDER]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bench.audit_log import PEOPLE, removal
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.log import AuditLog, open_audit
from bot.audit.query import parse
from bot.audit.search import search
from bot.store.audit_tables import create_audit
from bot.store.db import Store
from bot.views.audit import PATIENCE

BATCH = 1000
TIMES = 25
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
QUERIES = (
    "",
    "person:E7",
    "case:case-7",
    "case:case-77*",
    "group:C007",
    "group:sales",
    "group:no-such-group",
    "platform:slack",
    "outcome:failed",
    "outcome:verified_absent person:E7",
    "-outcome:verified_absent",
    "-platform:slack -actor:bawab",
    "action:step",
    "action:step -outcome:verified_absent",
    "action:hold",
    "actor:person:noura",
    "created:2024-01-05",
    "created:>=2024-02-01 outcome:failed",
    "created:<2024-01-10 -platform:slack",
    "verified",
    "req-999",
    "req-123456",
    "not-in-any-entry",
    "قسم-المبيعات",
    'person:"Person 77"',
)


class _Clock:
    """Every commit is some two hours after the one before: a million entries are three months."""

    def __init__(self) -> None:
        self.at = FIRST_DAY

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=8000)
        return self.at


def act(number: int) -> Entry:
    """Mostly removals; of a thousand entries one is a failure, and two are acts of people."""
    if number % 1000 == 500:
        return Entry(
            Action.STEP_RECORD, "bawab", outcome="failed", person_id=f"E{number % PEOPLE}", platform="slack"
        )
    if number % 1000 in (250, 750):
        return Entry(Action.HOLD_RELEASE, "person:noura", outcome="released", detail={"hold": f"h{number}"})
    return removal(number)


async def build(log: AuditLog, entries: int) -> None:
    """Write a log of so many entries."""
    for start in range(0, entries, BATCH):
        async with log.store.write() as tx:
            await log.append(tx, *(act(number) for number in range(start, min(start + BATCH, entries))))


async def by_number(_tx: AsyncConnection, text: str) -> list[str]:
    """Stand for the people's table: `Person 77` is E77."""
    return [f"E{text.removeprefix('Person ')}"] if text.startswith("Person ") else []


async def measure(store: Store, entries: int) -> None:
    """Ask each question a number of times, and a page deep in the log; print the slowest and the middle."""
    asked = [(typed, None) for typed in QUERIES] + [("", entries // 2), ("person:E7", entries // 2)]
    for typed, before in asked:
        took, found = [], None
        for _ in range(TIMES):
            begun = time.perf_counter()
            found = await search(store, parse(typed), before=before, resolve=by_number, patience=PATIENCE)
            took.append(time.perf_counter() - begun)
        took.sort()
        assert found is not None  # noqa: S101 - asked at least once
        name = f"{typed or 'everything'}{f', before {before}' if before else ''}"
        told = f"{len(found.rows):3} rows" + (f", {found.unread} unread" if found.unread else "")
        print(f"{name:44} p50 {took[len(took) // 2] * 1e3:8.1f} ms  p99 {took[-1] * 1e3:8.1f} ms  {told}")  # noqa: T201


async def main(entries: int, folder: Path) -> None:
    """Build the log in a folder, unless it is there, and measure."""
    store = Store.at(folder / "bawab.db")
    fresh = not (folder / "audit-signing.key").exists()
    if fresh:
        await store.run_sync(create_audit)
    log = await open_audit(store, folder, _Clock())
    if fresh:
        await build(log, entries)
    await measure(store, entries)
    print(f"database: {(folder / 'bawab.db').stat().st_size / entries:.0f} bytes an entry")  # noqa: T201
    await store.aclose()


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(wanted, Path(sys.argv[2] if len(sys.argv) > 2 else made)))
