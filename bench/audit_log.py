"""Measures the audit log beside its floors: `python -m bench.audit_log [ENTRIES] [--database postgresql]`."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bench.table import Row, as_text
from bot.audit.actions import Action
from bot.audit.chain import HASHED, columns_hash
from bot.audit.entry import Entry
from bot.audit.log import AuditLog, open_audit
from bot.store.audit_tables import create_audit
from bot.store.db import Store
from bot.store.types import json_text

ROUNDS: Final = 7
GROUPS_EACH: Final = 20
_AT: Final = "2026-01-01T00:00:00.000000Z"
_PAGE: Final = 2000


def removal(number: int) -> Entry:
    """A usual entry: the outcome of one removal, of a leaver with twenty groups."""
    person = number // GROUPS_EACH
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


@asynccontextmanager
async def log_on(database: str) -> AsyncIterator[AuditLog]:
    """Open an empty log: on a SQLite file of its own, or on a PostgreSQL server of its own."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        store = Store.open(_server(stack)) if database == "postgresql" else Store.at(Path(name) / "bawab.db")
        try:
            await store.run_sync(create_audit)
            yield await open_audit(store, Path(name), lambda: datetime.now(UTC))
        finally:
            await store.aclose()


def _server(stack: ExitStack) -> str:
    from tests.postgres import server  # noqa: PLC0415 - only where asked for

    return stack.enter_context(server(quick=False)).make("audit")


def canonicalise_and_hash(entries: Sequence[Entry]) -> None:
    """Do what no chained log can leave out: spell each column, with its length, and hash them all."""
    for seq, entry in enumerate(entries):
        columns = {name: getattr(entry, name, None) for name in HASHED}
        columns |= {"seq": str(seq), "at": _AT, "subject": entry.person_id, "prev_hash": "0" * 64}
        for name in ("before", "after"):
            columns[name] = json_text(columns[name])
        columns["detail"] = None
        columns["sealed"] = json_text(entry.personal)
        columns_hash([columns[name] for name in HASHED])


def read_and_hash(connection: sa.Connection) -> None:
    """Read every row by the bare driver, page by page, and hash the bytes that stand there."""
    cursor, last = connection.connection.cursor(), 0
    while rows := _page(cursor, last):
        for row in rows:
            hashlib.sha256("".join([text for text in row[1:] if text is not None]).encode()).hexdigest()
        last = rows[-1][0]


def _page(cursor: object, after: int) -> Sequence[tuple[int, *tuple[str | None, ...]]]:
    statement = f"SELECT * FROM audit_entry WHERE seq > {after} ORDER BY seq LIMIT {_PAGE}"  # noqa: S608 - a number
    cursor.execute(statement)  # type: ignore[attr-defined]  # either driver's
    return cursor.fetchall()  # type: ignore[attr-defined, no-any-return]


def taken(work: Callable[[], object]) -> float:
    """Give the processor seconds of synchronous work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


async def append(log: AuditLog, entries: Sequence[Entry], batch: int) -> float:
    """Append entries, so many to a commit with its signed head; gives the processor seconds."""
    begun = time.process_time()
    for start in range(0, len(entries), batch):
        part = entries[start : start + batch]
        await log.store.batch(lambda tx, part=part: log.append_in(tx, *part))  # type: ignore[misc]
    return time.process_time() - begun


def bare_insert(folder: Path, entries: int) -> float:
    """Give what the driver alone takes for rows as wide, with the same indexes and one commit a thousand."""
    engine = sa.create_engine(f"sqlite:///{folder / 'bare.db'}")
    with engine.begin() as connection:
        create_audit(connection)
        for name in ("audit_entry_follows", "audit_entry_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    rows = [[f"{name}-{number}" for name in HASHED] + ["0" * 64] for number in range(entries)]
    for number, row in enumerate(rows, 1):
        row[HASHED.index("seq")] = number  # type: ignore[call-overload]
    names, places = ", ".join(f'"{name}"' for name in (*HASHED, "hash")), ", ".join("?" * (len(HASHED) + 1))
    statement = f"INSERT INTO audit_entry ({names}) VALUES ({places})"  # noqa: S608 - our own names
    raw = engine.raw_connection()
    begun = time.process_time()
    for start in range(0, entries, 1000):
        raw.cursor().executemany(statement, rows[start : start + 1000])
        raw.commit()
    took = time.process_time() - begun
    raw.close()
    engine.dispose()
    return took


async def measure(log: AuditLog, entries: int) -> list[Row]:
    """Append and verify in turn with their floors, several rounds; gives medians."""
    each = max(entries // ROUNDS, 1000)
    floors, large, small, inserts, verified, read = ([] for _ in range(6))
    plain = sa.create_engine(_plain(log.store))
    for turn in range(ROUNDS):
        first, second = _removals(2 * turn * each, each), _removals((2 * turn + 1) * each, each)
        floors.append(taken(lambda first=first: canonicalise_and_hash(first)) / each)  # type: ignore[misc]
        large.append(await append(log, first, 1000) / each)
        small.append(await append(log, second, 20) / each)
        with tempfile.TemporaryDirectory() as folder:
            inserts.append(bare_insert(Path(folder), each) / each)
        standing = 2 * (turn + 1) * each
        with plain.connect() as connection:
            read.append(taken(lambda on=connection: read_and_hash(on)) / standing)  # type: ignore[misc]
        begun = time.process_time()
        found = await log.verify()
        verified.append((time.process_time() - begun) / standing)
        if not found.ok or found.entries != standing:
            raise SystemExit(f"the log does not verify: {found}")
    plain.dispose()
    return _rows(log.store.dialect, floors, large, small, inserts, verified, read)


def _removals(first: int, count: int) -> list[Entry]:
    return [removal(number) for number in range(first, first + count)]


def _plain(store: Store) -> str:
    url = make_url(store.url)
    driver = "postgresql+psycopg" if url.get_backend_name() == "postgresql" else "sqlite"
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _rows(on: str, *measured: list[float]) -> list[Row]:
    floors, large, small, inserts, verified, read = (median(values) for values in measured)
    insert = f"processor time; SQLite's insert of rows as wide, bare driver: {_us(inserts)}"
    return [
        _row(f"append, 1,000 to a commit, {on}", large, floors, "≤ 3.5", insert),
        _row(f"append, 20 to a commit and its signed head, {on}", small, floors, "", "the hot path's groups"),
        _row(f"verify, every column, {on}", verified, read, "≤ 4", "floor: bare driver and SHA-256"),
    ]


def _row(what: str, value: float, floor: float, target: str, note: str) -> Row:
    return Row(12, f"audit: {what}", _us(value), _us(floor), value / floor, target, note)


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"


async def rows(entries: int = 28_000, databases: Iterable[str] = ("sqlite",)) -> list[Row]:
    """Give goal 12's lines for append and verify; `entries`: of each kind, over all rounds."""
    found: list[Row] = []
    for database in databases:
        async with log_on(database) as log:
            found += await measure(log, entries)
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("entries", nargs="?", type=int, default=28_000)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = options.parse_args()
    print(as_text(asyncio.run(rows(asked.entries, [asked.database]))))  # noqa: T201
