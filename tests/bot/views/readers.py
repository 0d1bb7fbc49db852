"""Readers of every role, and a small company with a departure ahead, for the tests of views."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bot.access.actor import Actor
from bot.store.query import where
from bot.store.tables import CaseRow
from connectors.chat.slack.sandbox import Channel, User
from policies.roles import Role
from tests.bot.adversary import everybody, line, office
from tests.bot.settled import settle, take_over
from tests.bot.world import POLICY, World, channel

APPROVED = POLICY.replace("    notify: owner\n", "    notify: owner\n    approve: hr\n")
REGISTRY = """\
version: 1
groups:
  - instance: acme
    group: C-sales-eu
    name: sales-eu
    owner: sara
    deputy: lina
  - instance: acme
    group: C-general-chat
    name: general-chat
    owner: ana
"""


def reader(id_: str, *roles: Role) -> Actor:
    """Make a signed-in person."""
    return Actor(id_, id_.title(), frozenset(roles), "web", zone="Asia/Riyadh")


HR = reader("noura", Role.HR)
IT = reader("omar", Role.IT)
AUDITOR = reader("auditor", Role.AUDITOR)
BREAK_GLASS = reader("huda", Role.BREAK_GLASS)
CHAT_ADMIN = reader("sara", Role.CHAT_ADMIN)
NOBODY = reader("lina")
READERS = (HR, IT, AUDITOR, BREAK_GLASS)


@asynccontextmanager
async def settled(
    folder: Path, *things: User | Channel, policy: str = POLICY, **more: Any
) -> AsyncIterator[World]:
    """Open an office past its first run under this policy, made once a session and copied."""
    source = folder.parent / f"settled-{hashlib.sha256(policy.encode()).hexdigest()[:8]}"
    if not source.exists():
        source.mkdir()
        opening = partial(office, settled=False, policy=policy)
        await asyncio.to_thread(settle, source, opening, *everybody())
    take_over(source, folder)
    async with office(folder, *things, settled=False, policy=policy, **more) as world:
        world._feeds = 1  # the baseline's name is taken
        yield world


def sales() -> Channel:
    """A channel ana is in, which the bot looks after; made anew, since a workspace keeps what it is given."""
    return channel("sales-eu", "ana", "sara")


def general() -> Channel:
    """The channel nobody can be taken out of."""
    return Channel(id="C-general", name="general", is_general=True, members=["UANA", "USARA"])


async def ana_is_to_leave(world: World, day: str = "2026-11-26") -> CaseRow:
    """HR delivers that ana leaves on a day to come; gives her case."""
    world.drop(*everybody(line("ana", last_day=day)))
    await world.run()
    return await case_of(world, "ana")


async def case_of(world: World, person: str) -> CaseRow:
    """Give a person's newest case."""
    async with world.app.store.read() as tx:
        found = [row for row in await where(tx, CaseRow) if row.person_id == person]
    return max(found, key=lambda row: row.created_at)
