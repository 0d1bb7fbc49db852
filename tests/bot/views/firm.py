"""A firm past its first run, for the views of IT: a leaver to come, a guest, a stranger, a phone group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.access.actor import Actor
from bot.settings import ManualInstance
from connectors.chat.slack.sandbox import BOT_ID, Channel, User
from policies.roles import Permission, Role
from tests.bot.world import World, channel, company, people

REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-lunch, owner: E9, deputy: E2, reviewed: 2026-10-01}
  - {instance: acme, group: C-sales, name: sales, owner: E1, deputy: E3, reviewed: 2026-10-01}
  - {instance: acme, group: C-well, name: well, owner: E1, deputy: E2, reviewed: 2026-10-01}
  - {instance: acme, group: C-far, owner: E77}
  - {instance: phones, group: العائلة, platform: whatsapp, owner: E2, deputy: E3, members: [E1, E9],
     reviewed: 2024-01-01, sensitivity: sensitive}
"""
STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,2026-12-20,",
    "E4,Lina Q,lina@corp.test,Research,active,,",
    "E9,Gone Person,gone@corp.test,Sales,terminated,2025-01-31,",
)


def actor(
    role: Role | None, person_id: str = "X1", *, scopes: frozenset[Permission] | None = None, name: str = ""
) -> Actor:
    """Somebody with one role (None: with none), as a page hands them on."""
    roles = frozenset[Role]() if role is None else frozenset({role})
    return Actor(person_id, name or person_id, roles, "web", scopes=scopes)


HR, IT = actor(Role.HR, "H1"), actor(Role.IT, "I1")
ADMIN = actor(Role.CHAT_ADMIN, "E2")
AUDITOR, NOBODY = actor(Role.AUDITOR, "A1"), actor(None, "N1")
BREAK_GLASS = actor(Role.BREAK_GLASS, "B1")


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[World]:
    """Slack with groups in every condition, and a phone group that no program reaches."""
    far = channel("far", "omar")
    far.members.remove(BOT_ID)
    guest = User(id="UGUEST", name="guest", email="x@other.test", is_restricted=True)
    things: list[User | Channel] = [
        *people("ana", "noura", "omar", "lina", "gone", "stranger"),
        guest,
        channel("lunch", "ana", "gone", "guest", "stranger"),
        channel("sales", "ana", "noura"),
        channel("well", "ana", "noura"),
        channel("wild", "ana"),
        far,
    ]
    phones = {"phones": ManualInstance(platform="whatsapp")}
    async with company(folder, *things, registry=REGISTRY, manual=phones) as opened:
        yield opened


async def ana_leaves(world: World) -> None:
    """Ana is out of what the bot reaches, and her phone group becomes a task of its owner's."""
    world.drop("E1,Ana Quispe,ana@corp.test,Sales,terminated,2026-11-20T08:00+03:00,", *STAFF[1:])
    await world.run()
    await world.release_all()
    await world.run()
