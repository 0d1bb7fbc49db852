"""What the tests of people who come back share: a policy that removes, drift rows, a second account."""

from __future__ import annotations

from bot.store.group_tables import DriftRow
from bot.store.query import add, where
from bot.store.tables import LinkRow
from connectors.chat.slack.sandbox import User
from policies.model import LinkEvidence
from tests.bot.adversary import everybody, line
from tests.bot.world import POLICY, World

REMOVE = POLICY.replace("    action: remove\n", "    action: remove\n    came_back: remove\n")
"""The same rules, but whoever comes back is taken out again unasked; plain POLICY asks."""


async def drifts(world: World) -> list[DriftRow]:
    """Every drift, oldest first."""
    async with world.app.store.read() as tx:
        return sorted(await where(tx, DriftRow), key=lambda row: (row.found_at, row.group_id))


async def told_of(world: World) -> list[tuple[str, str, str]]:
    """Every drift as (why, found by, state)."""
    return [(row.why, row.found_by, row.state) for row in await drifts(world)]


async def ana_leaves(world: World, **turn: float) -> None:
    """Ana is gone and out of everything; then time passes."""
    world.drop(*everybody(line("ana", "terminated")))
    await world.run()
    world.clock.turn(**(turn or {"hours": 1}))


async def second_account(world: World, person: str, account_id: str) -> None:
    """Somebody turns out to have another account, and an admin says that it is theirs."""
    world.sandbox.workspace.add(User(id=account_id, name=f"{person}.two"))
    row = LinkRow(
        person_id=person,
        instance="acme",
        account_id=account_id,
        evidence=LinkEvidence.ADMIN,
        created_at=world.clock.now,
        released_at=world.clock.now,
        released_by="person:noura",
    )
    async with world.app.store.write() as tx:
        await add(tx, row)
