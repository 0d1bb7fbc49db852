"""Readers of every role, and a small company with a departure ahead, for the tests of views."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.store.query import where
from bot.store.tables import CaseRow
from policies.roles import Role
from tests.bot.adversary import everybody, line
from tests.bot.world import POLICY, World

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
