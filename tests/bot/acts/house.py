"""A company past its first run, with people in every role: what the tests of acts begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.access.actor import Actor, Via
from bot.access.actors import actor_of
from bot.access.granting import grant
from bot.store.access_tables import SignatureRow, StaffRow
from bot.store.query import columns, where
from bot.store.tables import CaseRow
from connectors.chat.slack.sandbox import Channel, User
from policies.roles import Role
from tests.bot.adversary import STAFF, line
from tests.bot.world import POLICY, World, channel, company, people
from tests.postgres import on_sqlite

APPROVED = POLICY.replace("    notify: owner", "    notify: owner\n    approve: hr")
BY_BOTH = POLICY.replace("    notify: owner", "    notify: owner\n    approve: both")
ROLES: dict[str, list[Role]] = {
    "noura": [Role.HR],
    "sara": [Role.HR],
    "omar": [Role.IT],
    "huda": [Role.HR, Role.IT],
    "lina": [Role.BREAK_GLASS],
}
OUTSIDER = "staff_auditor"


@asynccontextmanager
async def house(folder: Path, *, policy: str = APPROVED, **more: Any) -> AsyncIterator[World]:
    """Ana is in two groups and may leave; noura and sara are HR, omar IT, huda both, lina break-glass.

    A folder that `ready` has copied is past its first run already; any other gets past it here.
    """
    things: list[User | Channel] = [
        *people(*STAFF),
        channel("lunch", *STAFF),
        channel("sales", "ana", "sara"),
    ]
    fresh = not (folder / "data").exists()
    async with company(folder, *things, policy=policy, **more) as world:
        if fresh:
            world.drop(*[line(name) for name in STAFF])
            await world.settle_in()
            await name_staff(world)
        world._feeds = len(list(world.hr.glob("*.csv")))
        yield world


def settle_house(folder: Path) -> Path:
    """Open the house on an empty folder and close it again; to be called where no loop runs."""

    async def first_run() -> None:
        async with house(folder):
            pass

    with on_sqlite():
        asyncio.run(first_run())
    return folder


async def name_staff(world: World) -> None:
    """Give everybody of ROLES their roles, and one outside auditor."""
    async with world.app.store.write() as tx:
        for name, roles in ROLES.items():
            await grant(world.app, tx, row(world, name, roles), actor="bawab")
        outsider = row(world, OUTSIDER, [Role.AUDITOR], known_to_hr=False)
        await grant(world.app, tx, outsider, actor="bawab")


def row(world: World, name: str, roles: list[Role], *, known_to_hr: bool = True) -> StaffRow:
    """A staff row as the provider would have made it."""
    now = world.clock.now
    return StaffRow(
        id=name,
        name=name.title(),
        roles=sorted(roles),
        source="oidc",
        known_to_hr=known_to_hr,
        created_at=now,
        updated_at=now,
    )


async def actor(world: World, name: str, via: Via = "web") -> Actor:
    """Somebody as they are now; fails where nothing of theirs works."""
    async with world.app.store.read() as tx:
        found = await actor_of(world.app, tx, name, via)
    assert found is not None, f"{name} is nobody here"
    return found


async def ana_leaves(world: World, last_day: str = "2026-11-20") -> None:
    """HR announces that Ana leaves; with APPROVED her case waits for HR."""
    world.drop(*[line("ana", last_day=last_day), *[line(name) for name in STAFF if name != "ana"]])
    await world.run()


async def the_case(world: World, person: str = "ana") -> CaseRow:
    """Somebody's newest case."""
    found = [case for case in await world.cases() if case.person_id == person]
    return max(found, key=lambda case: case.created_at)


async def signatures(world: World, digest: str) -> list[tuple[str, str, str]]:
    """Who put their name under something: (person, role, verdict)."""
    async with world.app.store.read() as tx:
        rows = await where(tx, SignatureRow, columns(SignatureRow).digest == digest)
    return sorted((row.by, row.role, row.verdict) for row in rows)


async def logged(world: World, action: str) -> list[Any]:
    """The entries of one action, oldest first."""
    return [entry for entry in await world.log() if entry["action"] == action]
