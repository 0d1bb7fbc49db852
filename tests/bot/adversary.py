"""What the adversary's tests share: staff lines, a world past its first run, and questions to the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.store.query import where
from bot.store.tables import FeedRow, GapRow, LaneRow
from connectors.chat.slack.sandbox import Channel, User
from tests.bot.world import World, company, people

STAFF = ("ana", "omar", "sara", "noura", "lina", "huda")
WIDE = {"limits": {"run_count": 50, "day_count": 50, "day_ceiling": 500, "group_count": 50}}


def line(name: str, status: str = "active", last_day: str = "", zone: str = "", post: str = "Sales") -> str:
    """One row of an export."""
    return f"{name},{name.title()} Q,{name}@corp.test,{post},{status},{last_day},{zone}"


def everybody(*changed: str, names: tuple[str, ...] = STAFF) -> list[str]:
    """All of them as active, but for the rows given."""
    rows = {row.split(",")[0]: row for row in [*(line(name) for name in names), *changed]}
    return list(rows.values())


@asynccontextmanager
async def office(
    folder: Path, *things: User | Channel, settled: bool = True, **more: Any
) -> AsyncIterator[World]:
    """A company whose first run is over, with everybody of STAFF on Slack."""
    async with company(folder, *people(*STAFF), *things, **more) as world:
        if settled:
            world.drop(*everybody())
            await world.settle_in()
        yield world


async def feeds(world: World) -> list[FeedRow]:
    """Every delivery, oldest first."""
    async with world.app.store.read() as tx:
        return sorted(await where(tx, FeedRow), key=lambda row: (row.received_at, row.modified))


async def lane(world: World, instance: str = "acme") -> LaneRow:
    """A lane's circuit."""
    async with world.app.store.read() as tx:
        return next(row for row in await where(tx, LaneRow) if row.instance == instance)


async def gaps(world: World) -> set[tuple[str, str]]:
    """What could not be read, as (instance, reason)."""
    async with world.app.store.read() as tx:
        return {(row.instance, row.reason) for row in await where(tx, GapRow)}


async def actions(world: World, prefix: str = "") -> list[str]:
    """The names of what was logged."""
    return [entry["action"] for entry in await world.log() if entry["action"].startswith(prefix)]


def kicked(world: World) -> list[str]:
    """Everybody who was taken out of a channel, once per channel, as names."""
    return [user.removeprefix("U").lower() for _, user in world.sandbox.effective_removals()]


async def case_of(world: World, person: str, kind: str = "leaver") -> str:
    """The states of a person's cases, newest last, and of one moment by their names, joined."""
    found = sorted(await world.cases(), key=lambda case: (case.created_at, case.state))
    return " ".join(case.state for case in found if case.person_id == person and case.kind == kind)
