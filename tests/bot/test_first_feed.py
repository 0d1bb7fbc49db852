"""A first feed: made ready while others write, stored as row by row would, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.app import Bawab, open_bawab
from bot.changes import ChangeReport, apply_feed
from bot.made_ready import PAGE, make_ready
from bot.settings import HrFeed, Settings
from bot.states import FeedState
from bot.store.query import add, where
from bot.store.tables import CaseRow, FeedRow, MetaRow, PersonRow, StatedRow
from bot.watch import Watcher
from connectors.hr.contract import StagedFeed
from tests.bot.world import POLICY, Clock

HEADER = "employee_id,name,email,department,status,last_day,time_zone,account:acme"
COUNT = 2 * PAGE + 7


def line(number: int, status: str = "active", last_day: str = "") -> str:
    slack = f"U{number}" if number % 3 == 0 else ""
    return f"E{number},Name {number},e{number}@corp.test,Sales,{status},{last_day},Asia/Riyadh,{slack}"


def everybody() -> list[str]:
    """People who are simply there, and now and then one who is gone, is going, or is on leave."""
    unusual = {1004: ("terminated", "2026-11-01"), 1010: ("active", "2026-12-01"), 1700: ("on leave", "")}
    return [line(number, *unusual.get(number, ())) for number in range(1000, 1000 + COUNT)]


def settings_in(folder: Path) -> Settings:
    (folder / "hr").mkdir(parents=True, exist_ok=True)
    (folder / "policies.yaml").write_text(POLICY)
    feed = HrFeed(path=folder / "hr", settle_seconds=0.0)
    return Settings(
        _env_file=None, data_dir=folder / "data", policies=folder / "policies.yaml", hr={"hr": feed}
    )


def deliver(folder: Path) -> None:
    (folder / "hr" / "hr-2026-11-20.csv").write_text("\n".join([HEADER, *everybody(), ""]), encoding="utf-8")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bawab]:
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    async with open_bawab(settings_in(folder), now=clock, connect=False) as app:
        deliver(folder)
        yield app


@asynccontextmanager
async def staged_in(app: Bawab) -> AsyncIterator[tuple[FeedRow, StagedFeed]]:
    (source,) = app.hr
    (delivery,) = [one async for one in source.deliveries()]
    staged = await source.stage(delivery)
    row = FeedRow(
        id="feed_1",
        source=source.name,
        name=delivery.name,
        sha256=delivery.sha256,
        size=delivery.size,
        modified=delivery.modified,
        received_at=app.now(),
        state=FeedState.ACCEPTED,
    )
    try:
        yield row, staged
    finally:
        await staged.aclose()


async def taken(folder: Path, *, prepared: bool) -> tuple[ChangeReport, list[Any]]:
    """Take the first feed one way or the other; give what was reported and what is stored."""
    async with opened(folder) as app:
        async with staged_in(app) as (row, staged):
            ready = await make_ready(staged, folder, app.now()) if prepared else None
            async with app.store.write() as tx:
                report = await apply_feed(app, tx, row, staged, ready)
                await add(tx, row)
            if ready is not None:
                ready.close()
        async with app.store.read() as tx:
            people = sorted((row.model_dump() for row in await where(tx, PersonRow)), key=_id)
            stated = sorted(tuple(row.model_dump().values()) for row in await where(tx, StatedRow))
            cases = sorted((one.person_id, one.kind, one.state, one.due) for one in await where(tx, CaseRow))
    return report, [people, stated, cases]


def _id(values: dict[str, Any]) -> str:
    return str(values["id"])


@pytest.mark.sqlite_only("two installations beside each other, each with its own file")
async def test_what_was_made_ready_stores_just_what_row_by_row_stores(tmp_path: Path) -> None:
    ready, found = await taken(tmp_path / "ready", prepared=True)
    slow, expected = await taken(tmp_path / "slow", prepared=False)
    assert found == expected
    assert ready.events == slow.events
    assert ready.counts() | {"run": ""} == slow.counts() | {"run": ""}
    people, stated, cases = found
    assert len(people) == COUNT
    assert len(stated) == sum(number % 3 == 0 for number in range(1000, 1000 + COUNT))
    assert {person for person, *_ in cases} >= {"E1010"}, "a last day to come is no mere presence"


async def test_others_write_while_a_first_feed_is_made_ready(tmp_path: Path) -> None:
    async with opened(tmp_path) as app, staged_in(app) as (_, staged):
        async with app.store.write() as tx:  # the one lock there is, held by somebody else
            ready = await make_ready(staged, tmp_path, app.now())
            await add(tx, MetaRow(key="beside", value=1))
        assert sum(len(page.ids) for page in ready.pages()) == COUNT
        assert not await asyncio.to_thread(_named_ready, tmp_path), "it has no name"
        ready.close()


def _named_ready(folder: Path) -> list[Path]:
    return list(folder.glob(".bawab-ready-*"))


@pytest.mark.sqlite_only("the child opens a file of its own")
async def test_killed_in_the_middle_nothing_is_there_and_the_next_start_takes_it_whole(
    tmp_path: Path,
) -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, str(tmp_path))
    assert await child.wait() == -signal.SIGKILL
    async with opened(tmp_path) as app:
        async with app.store.read() as tx:
            assert await where(tx, PersonRow) == []
            assert await where(tx, FeedRow) == []
        (outcome,) = await Watcher(app).scan()
        assert (outcome.state, outcome.rows) == (FeedState.ACCEPTED, COUNT)
        async with app.store.read() as tx:
            assert len(await where(tx, PersonRow)) == COUNT


async def _die_in_the_middle(folder: Path) -> None:
    """Take the feed, and die as its second page is being written."""
    async with opened(folder) as app:
        pages = 0

        def executed(_: Any, __: Any, statement: str, *___: Any) -> None:
            nonlocal pages
            pages += statement.startswith("INSERT INTO person ")
            if pages == 2:
                os.kill(os.getpid(), signal.SIGKILL)

        for engine in app.store.engines:
            event.listen(engine, "after_cursor_execute", executed)
        await Watcher(app).scan()


if __name__ == "__main__":
    asyncio.run(_die_in_the_middle(Path(sys.argv[1])))
