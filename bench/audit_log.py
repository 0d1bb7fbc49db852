"""Measures the audit log: append, verify, search, export. Run: `python -m bench.audit_log [ENTRIES]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.export import Format, export
from bot.audit.log import AuditLog, open_audit
from bot.audit.query import parse
from bot.audit.search import search
from bot.store.audit_tables import create_audit
from bot.store.db import Store

PEOPLE = 5000
SEARCHES = ("", "case:case-7", "person:E7", "outcome:failed", "created:>=2026-01-01", "not-in-any-entry")


def removal(number: int) -> Entry:
    """A usual entry: the outcome of one removal."""
    person = number % PEOPLE
    return Entry(
        Action.STEP_RECORD,
        "bawab",
        outcome="verified_absent",
        person_id=f"E{person}",
        case_id=f"case-{person}",
        step_id=f"step-{number}",
        run_id="run-1",
        instance="slack-main",
        platform="slack",
        group_id=f"C{number % 400:03}",
        group_name="sales",
        rule="leavers.yaml:1",
        quality="observed",
        request_id=f"req-{number}",
        before={"member": True},
        after={"member": False},
        personal={"name": f"Person {person}", "account": f"U{person:08}"},
    )


@contextmanager
def measured(what: str, entries: int) -> Iterator[None]:
    """Print wall and processor time per entry, in microseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:40} {wall / entries * 1e6:9.1f} µs, processor {cpu / entries * 1e6:8.1f} µs")  # noqa: T201


async def append(log: AuditLog, first: int, entries: int, batch: int) -> None:
    """Append entries, a commit for each batch."""
    for start in range(first, first + entries, batch):
        async with log.store.write() as tx:
            await log.append(tx, *(removal(number) for number in range(start, start + batch)))


async def main(entries: int) -> None:
    """Measure in a new directory."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        store = Store.at(directory / "bawab.db")
        await store.run_sync(create_audit)
        log = await open_audit(store, directory, lambda: datetime.now(UTC))
        few = 1000
        with measured("append, a commit and a signed head each", few):
            await append(log, 0, few, 1)
        with measured("append, 100 to a commit", entries - few):
            await append(log, few, entries - few, 100)
        with measured(f"verify {entries}", entries):
            found = await log.verify()
        if not found.ok or found.entries != entries:
            raise SystemExit(f"the log does not verify: {found}")
        for typed in SEARCHES:
            with measured(f"search, one page: {typed or 'everything'}", 1):
                await search(store, parse(typed))
        for kind in Format:
            with measured(f"export as {kind}", entries):
                await export(log, parse(""), directory / f"export.{kind}", kind, actor="person:bench")
        await store.aclose()
        print(f"database: {(directory / 'bawab.db').stat().st_size / entries:.0f} bytes an entry")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
