"""Measures searches of a long log beside a keyset page: `python -m bench.audit_search [ENTRIES] [FOLDER]`."""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.audit_bulk import GROUPS, PEOPLE, build
from bench.table import Row, as_text
from bot.audit.chain import RAW
from bot.audit.query import parse
from bot.audit.search import search
from bot.store.db import Store
from bot.views.audit import PATIENCE

TIMES: Final = 40
TARGET: Final = "≤ 8"
QUESTIONS: Final = (
    "",
    "person:E{person}",
    'person:"Person {person}"',
    "case:case-{person}",
    "group:C{group:03}",
    "group:sales",
    "run:run-{run}",
    "platform:slack",
    "outcome:failed",
    "outcome:verified_absent person:E{person}",
    "platform:slack person:E{person}",
    "action:step",
    "action:hold",
    "actor:person:noura",
    "-outcome:verified_absent",
    "action:step -outcome:verified_absent",
    "-person:E{person} outcome:failed",
    "created:2024-01-{day:02}",
    "created:>=2024-02-01 outcome:failed",
)
HARD: Final = (
    "-platform:slack -actor:bawab",
    "created:2025-01-{day:02}..2025-01-31 outcome:failed",
    "group:C{group:03} outcome:failed",
    "request:req-{entry}",
    "verified",
    "not-in-any-entry",
)
"""Asked too, and shown as they are: no index answers them, or a wide closed range of days is counted."""


async def by_number(_tx: AsyncConnection, text: str) -> list[str]:
    """Stand for the people's table: `Person 77` is E77."""
    return [f"E{text.removeprefix('Person ')}"] if text.startswith("Person ") else []


def asked(question: str, entries: int, choose: random.Random) -> str:
    """Fill in whom and what a question is about, another each time."""
    return question.format(
        person=choose.randrange(min(PEOPLE, entries)),
        group=choose.randrange(GROUPS),
        run=choose.randrange(entries // 10_000 + 1),
        day=choose.randrange(1, 29),
        entry=choose.randrange(1, entries),
    )


async def measure(store: Store, entries: int, times: int = TIMES) -> list[Row]:
    """Ask each question in turn with a page by number, both about something else each time."""
    choose, found = random.Random(5), []  # noqa: S311 - the same questions each time

    async def page() -> None:
        below = choose.randrange(51, entries)
        query = sa.select(*RAW.c).where(RAW.c.seq < below).order_by(RAW.c.seq.desc()).limit(50)
        async with store.read() as connection:
            (await connection.execute(query)).mappings().all()

    for question in (*QUESTIONS, "deep", *HARD):
        hard = question in HARD
        before = entries // 3 if question == "deep" else None
        unread = 0

        async def ask(question: str = question, before: int | None = before) -> None:
            nonlocal unread
            typed = asked("person:E{person}" if question == "deep" else question, entries, choose)
            answer = await search(store, parse(typed), before=before, resolve=by_number, patience=PATIENCE)
            unread = max(unread, answer.unread)

        floors, took = await _in_turn(page, ask, 5 if hard else times)
        what = "person:E{person}, a page deep in the log" if question == "deep" else question or "everything"
        found.append(_row(what, floors, took, hard=hard, unread=unread))
    return found


async def _in_turn(
    floor: Callable[[], Awaitable[None]], ask: Callable[[], Awaitable[None]], times: int
) -> tuple[list[float], list[float]]:
    floors, took = [], []
    for turn in range(times + 2):  # the first two are not counted: statements are compiled, pages are read
        each = [await _timed(work) for work in (floor, ask)]
        if turn >= 2:
            floors.append(each[0])
            took.append(each[1])
    return sorted(floors), sorted(took)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def _row(what: str, floors: list[float], took: list[float], *, hard: bool, unread: int) -> Row:
    middle = took[len(took) // 2] / floors[len(floors) // 2]
    note = f"p50 {took[len(took) // 2] * 1e3:.1f} ms, {middle:.1f} × the page's"
    note += f"; stopped with {unread:,} unread, and said so" if unread else ""
    value, floor = f"p99 {took[-1] * 1e3:.1f} ms", f"p99 {floors[-1] * 1e3:.1f} ms"
    name = f"audit search: {what}"
    return Row(12, name, value, floor, took[-1] / floors[-1], "" if hard else TARGET, note)


async def rows(entries: int = 1_000_000, folder: Path | None = None, times: int = TIMES) -> list[Row]:
    """Give goal 12's lines for searches; the log is built in `folder` unless it stands there already."""
    with tempfile.TemporaryDirectory() as made:
        path = (folder or Path(made)) / "bawab.db"
        if not path.exists():
            await asyncio.to_thread(build, path, entries)
        store = Store.at(path)
        try:
            return await measure(store, entries, times)
        finally:
            await store.aclose()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("entries", nargs="?", type=int, default=1_000_000)
    options.add_argument("folder", nargs="?", type=Path, default=None)
    options.add_argument("--times", type=int, default=TIMES)
    given = options.parse_args()
    print(as_text(asyncio.run(rows(given.entries, given.folder, given.times))))  # noqa: T201
