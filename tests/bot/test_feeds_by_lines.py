"""Two installations get the same feeds, one compares them by their lines, one never may: nothing differs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import Bawab, open_bawab
from bot.audit.query import parse
from bot.audit.search import search
from bot.settings import HrFeed, Settings
from bot.store.query import where
from bot.store.tables import CaseRow, FeedRow, PersonRow
from bot.watch import Watcher
from tests.bot.world import HEADER, POLICY, Clock

pytestmark = pytest.mark.sqlite_only("several installations beside each other, each with its own file")

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def person(number: int, department: str = "Sales", status: str = "active", last_day: str = "") -> str:
    return f"E{number},Name {number},e{number}@corp.test,{department},{status},{last_day},Asia/Riyadh"


PEOPLE = [person(number) for number in range(1000, 1300)]


class Install:
    """One installation with one HR folder; `forgets` takes its kept lines away before each look."""

    def __init__(self, folder: Path, *, forgets: bool) -> None:
        self.folder, self.forgets = folder, forgets
        self.clock = Clock(START)
        self.hr = folder / "hr"
        self.hr.mkdir(parents=True)
        (folder / "policies.yaml").write_text(POLICY)
        feed = HrFeed(path=self.hr, settle_seconds=0.0, canaries=["E1000"])
        self.settings = Settings(data_dir=folder / "data", policies=folder / "policies.yaml", hr={"hr": feed})

    @property
    def lines(self) -> list[Path]:
        """The files in which lines are kept."""
        return list((self.folder / "data" / "spool").glob("*.lines"))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Bawab]:
        async with open_bawab(self.settings, now=self.clock, connect=False) as app:
            yield app

    async def take(self, *files: bytes, first: int = 0) -> list[str]:
        """Deliver files one after another, look after each, and give what became of them."""
        said = []
        async with self.opened() as app:
            watcher = Watcher(app)
            for number, data in enumerate(files, start=first):
                said.append(await self._take(watcher, data, number))
        return said

    async def _take(self, watcher: Watcher, data: bytes, number: int) -> str:
        if self.forgets:
            for kept in self.lines:
                kept.unlink()
        self.clock.turn(minutes=10)
        (self.hr / f"hr-{START + timedelta(days=number - 40):%Y-%m-%d}.csv").write_bytes(data)
        outcomes = await watcher.scan()
        return " ".join(f"{one.state} {one.rows} {one.problems} {_news(one.changes)}" for one in outcomes)

    async def state(self) -> list[Any]:
        """Everything that feeds leave behind, without the ids that chance has made."""
        async with self.opened() as app:
            async with app.store.read() as tx:
                people = sorted(await where(tx, PersonRow), key=lambda row: row.id)
                cases = sorted(await where(tx, CaseRow), key=lambda row: (row.person_id, row.event_key))
                feeds = sorted(await where(tx, FeedRow), key=lambda row: row.name)
            logged = await search(app.store, parse("action:person*"), limit=1000)
        facts = [{**(feed.facts or {}), "modified": ""} for feed in feeds]
        return [
            [row.model_dump() for row in people],
            [(row.person_id, row.event_key, row.state) for row in cases],
            [(feed.state, kept, feed.findings) for feed, kept in zip(feeds, facts, strict=True)],
            [(entry["action"], entry["outcome"]) for entry in logged.rows],
        ]


def _news(changes: Any) -> object:
    return changes and sorted(changes.events.items())


def as_file(rows: list[str]) -> bytes:
    return ("\n".join([HEADER, *rows]) + "\n").encode()


@pytest.fixture
def both(tmp_path: Path) -> tuple[Install, Install]:
    return Install(tmp_path / "lines", forgets=False), Install(tmp_path / "whole", forgets=True)


def series() -> list[bytes]:
    """What an HR system says over some days, good and bad."""
    one = list(PEOPLE)
    two = [row for row in one if not row.startswith(("E1007,", "E1133,"))]
    two[50] = person(1051, "Research")
    two[81] = person(1082, status="terminated")
    two.append(person(2000))
    three = [*two[1:], two[0]]  # one line moved; the missing are missing again
    four = [*three, person(1007)]  # one of them is back, and one line of another is only spelled anew
    four[9] = four[9].replace("active", "Active")
    five = [row for row in four if not row.startswith("E1000,")]  # the canary is gone
    six = [*four, person(1001, "Twice")]
    seven = [person(1001, last_day="2026-12-31"), *four[1:]]
    eight = [*seven[:100], 'E3000,"two\nlines",,Sales,active,,', *seven[100:]]
    return [as_file(rows) for rows in (one, two, three, three, four, five, six, seven, eight, four)]


async def test_a_series_of_feeds_leaves_the_same_people_cases_facts_and_entries(
    both: tuple[Install, Install],
) -> None:
    ours, theirs = [await one.take(*series()) for one in both]

    assert ours == theirs
    assert [said.split()[0] for said in ours] == [
        "accepted", "accepted", "accepted", "unchanged", "accepted",
        "quarantined", "refused", "accepted", "accepted", "accepted",
    ]  # fmt: skip
    assert await both[0].state() == await both[1].state()


def _put_back(install: Install, kept: Path) -> None:
    """As after a kill between the commit and the writing of the lines."""
    shutil.copy(kept, install.lines[0])


def _garble(install: Install, kept: Path) -> None:  # noqa: ARG001 - one form for all
    data = bytearray(install.lines[0].read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    install.lines[0].write_bytes(data)


def _cut(install: Install, kept: Path) -> None:  # noqa: ARG001 - one form for all
    data = install.lines[0].read_bytes()
    install.lines[0].write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("spoil", [_put_back, _garble, _cut])
async def test_lines_that_are_old_or_damaged_change_nothing(
    both: tuple[Install, Install], tmp_path: Path, spoil: Callable[[Install, Path], None]
) -> None:
    first, second, *_, last = series()
    for one in both:
        await one.take(first)
    shutil.copy(both[0].lines[0], tmp_path / "kept")
    for one in both:
        await one.take(second, first=1)
    spoil(both[0], tmp_path / "kept")

    ours, theirs = [await one.take(last, first=2) for one in both]

    assert ours == theirs
    assert await both[0].state() == await both[1].state()


async def test_a_database_put_back_from_a_backup_does_not_believe_newer_lines(
    both: tuple[Install, Install], tmp_path: Path
) -> None:
    for one in both:
        await one.take(series()[0])
        database = one.folder / "data" / "bawab.db"
        assert not database.with_name("bawab.db-wal").exists()
        shutil.copy(database, tmp_path / "backup.db")
        await one.take(series()[1], first=1)
        shutil.copy(tmp_path / "backup.db", database)
        database.with_name("audit-head.json").unlink()  # as restoring does: the log is that of the backup
        for left in one.hr.iterdir():
            left.unlink()

    said = [await one.take(series()[2], first=2) for one in both]

    assert said[0] == said[1]
    assert "'vanished'>, 2" in said[0][0]


async def test_a_second_feed_is_compared_by_its_lines_and_a_changed_setting_reads_it_whole(
    tmp_path: Path,
) -> None:
    install = Install(tmp_path, forgets=False)
    await install.take(series()[0])
    (install.hr / "hr-2026-11-01.csv").write_bytes(series()[1])
    changed = install.settings.hr["hr"].model_copy(update={"status_values": {"here": "active"}})
    ways, known = [], ""
    for settings in (install.settings, install.settings.model_copy(update={"hr": {"hr": changed}})):
        async with open_bawab(settings, now=install.clock, connect=False) as app:
            async with app.store.read() as tx:
                (last,) = await where(tx, FeedRow)
            known = last.id
            (source,) = app.hr
            delivery = [one async for one in source.deliveries()][-1]
            staged = await source.stage(delivery, last.id)
            ways.append(staged.since)
            await staged.aclose()

    assert ways == [known, None]
