"""A firm that two people left: one removal was blocked, one is by hand, the rest was read back as gone."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from bot.acts.reviews import sign_off
from bot.settings import ManualInstance
from bot.store.access_tables import StaffRow
from bot.store.query import add, columns, where
from bot.store.tables import RunRow
from connectors.chat.slack.sandbox import Channel
from policies.roles import Role
from tests.bot.adversary import WIDE, everybody, line, office
from tests.bot.settled import take_over
from tests.bot.views.readers import reader
from tests.bot.world import World, channel
from tests.postgres import on_sqlite

REGISTRY = """\
version: 1
groups:
  - {instance: phones, group: Family, name: Family, platform: whatsapp, owner: sara, members: [ana]}
"""


def _groups() -> tuple[Channel, ...]:
    everyone = channel("town-square", "ana", "lina", "sara", is_general=True)
    return channel("sales-eu", "ana", "lina", "sara"), channel("المبيعات", "ana", "sara"), everyone


@asynccontextmanager
async def departing(folder: Path, *, settled: bool = False) -> AsyncIterator[World]:
    """The firm, open; `settled`: its first run is made, else it is as its folder says."""
    phones = {"phones": ManualInstance(platform="whatsapp")}
    async with office(
        folder, *_groups(), settled=settled, registry=REGISTRY, manual=phones, extra=WIDE
    ) as world:
        yield world


@cache
def made_departed() -> Path:
    """Have ana and, an hour later, lina leave, once for all tests; to be called where no loop runs."""
    folder = Path(tempfile.mkdtemp(prefix="bawab-departed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with on_sqlite():
        asyncio.run(_make(folder))
    return folder


async def _make(folder: Path) -> None:
    async with departing(folder, settled=True) as world:
        await _first_run_is_signed(world)
        world.drop(*everybody(line("ana", last_day="2026-11-20")))
        world.clock.now = world.clock.now.replace(hour=15)
        await world.run()
        world.clock.turn(hours=1)
        world.drop(
            *everybody(line("ana", last_day="2026-11-20"), line("lina", "terminated", last_day="2026-11-20"))
        )
        await world.run()
        now = world.app.now()
        outside = StaffRow(
            id="st_1",
            name="Frau Prüferin",
            roles=["auditor"],
            source="local",
            known_to_hr=False,
            created_at=now,
            updated_at=now,
        )
        async with world.app.store.write() as tx:
            await add(tx, outside)


async def _first_run_is_signed(world: World) -> None:
    async with world.app.store.read() as tx:
        found = await where(tx, RunRow, columns(RunRow).kind == "feed")
    for run in found:
        await sign_off(world.app, reader("noura", Role.IT), run.id, "the first run")


@asynccontextmanager
async def departed(source: Path, folder: Path) -> AsyncIterator[World]:
    """Open a copy of what `made_departed` made, an hour later."""
    take_over(source, folder)
    async with departing(folder) as world:
        world.clock.now = world.clock.now.replace(hour=17)
        yield world
