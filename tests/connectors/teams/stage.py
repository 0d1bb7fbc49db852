"""A tenant with a few people and groups, a connector on it, and short ways to ask for things."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from connectors.chat.teams import TeamsConfig, TeamsConnector
from connectors.chat.teams.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT_ID,
    Channel,
    Chat,
    EntraGroup,
    Fault,
    FaultKind,
    JournalEntry,
    Sandbox,
    ServicePrincipal,
    Team,
    Tenant,
    User,
    base_tenant,
    create_sandbox,
    distribution_list,
    m365_group,
    running_sandbox,
)
from connectors.contract import KnownGroups, Presence, Result, Revocation
from policies.model import Account, Gap, Group, GroupKind, Membership, Refusal

INSTANCE = "contoso"
ANA, BADR, CARLA, GUEST, APP = "u-ana", "u-badr", "u-carla", "u-guest", "sp-robot"
M365, TEAM, OTHER_TEAM, SECURITY, OUTER, OUTERMOST = (
    "g-m365",
    "g-team",
    "g-other",
    "g-sec",
    "g-outer",
    "g-most",
)
SYNCED, DYNAMIC, LIST, ROLES = "g-synced", "g-dynamic", "g-list", "g-roles"
OWNED, ONLY_OWNED = "g-owned", "g-only-owned"
PRIVATE, SHARED = "19:private@thread.tacv2", "19:shared@thread.tacv2"
CHAT = "19:chat@thread.v2"
SCOPES = tuple(scope.name for scope in TeamsConnector(TeamsConfig("x", "t", "c", "s")).capabilities.scopes)


def tenant() -> Tenant:
    """Ana in one of each: by membership, by ownership, by both, and by way of another group."""
    synced = EntraGroup(SYNCED, "synced", [ANA, BADR], [BADR], synced=True)
    dynamic = EntraGroup(DYNAMIC, "dynamic", [ANA], [BADR], ["DynamicMembership"])
    roles = EntraGroup(ROLES, "roles", [ANA, BADR], [BADR], role_assignable=True)
    made = base_tenant().add(
        User(ANA, "Ana Quispe", "ana@example.com"),
        User(BADR, "بدر", "badr@example.com"),
        User(CARLA, "Carla O'Neill", "carla.o'neill@example.com", account_enabled=False),
        User(GUEST, "Guest", "guest@elsewhere.example", user_type="Guest"),
        ServicePrincipal(APP, "app-robot", "robot"),
        m365_group(M365, "m365", [ANA, BADR], [BADR]),
        m365_group(TEAM, "team", [ANA, BADR, CARLA], [ANA, BADR, APP]),
        m365_group(OTHER_TEAM, "other", [BADR], [BADR]),
        EntraGroup(SECURITY, "security", [ANA, BADR]),
        EntraGroup(OUTER, "outer", [SECURITY]),
        EntraGroup(OUTERMOST, "outermost", [OUTER]),
        m365_group(OWNED, "owned", [ANA, BADR], [ANA, APP]),
        m365_group(ONLY_OWNED, "only owned", [BADR], [ANA, BADR]),
        synced,
        dynamic,
        roles,
        distribution_list(LIST, "list", [ANA, BADR], [BADR]),
        Team(TEAM),
        Team(OTHER_TEAM),
        Channel(PRIVATE, TEAM, "private", "private", {BADR: "owner", ANA: ""}),
        Channel(SHARED, OTHER_TEAM, "shared", "shared", {BADR: "owner", ANA: ""}),
        Chat(CHAT, "lunch", "group", {ANA: "owner", BADR: "owner"}),
        Chat("19:one@thread.v2", None, "oneOnOne", {ANA: "owner", BADR: "owner"}),
    )
    made.app().granted = [*SCOPES, "Organization.Read.All"]
    return made


_KINDS = {
    TEAM: GroupKind.TEAM,
    OTHER_TEAM: GroupKind.TEAM,
    SECURITY: GroupKind.SECURITY_GROUP,
    OUTER: GroupKind.SECURITY_GROUP,
    PRIVATE: GroupKind.PRIVATE_CHANNEL,
    SHARED: GroupKind.SHARED_CHANNEL,
    CHAT: GroupKind.GROUP_CHAT,
}
_PARENTS = {PRIVATE: TEAM, SHARED: OTHER_TEAM}


def group(group_id: str, **changes: Any) -> Group:
    kind = _KINDS.get(group_id, GroupKind.M365_GROUP)
    made = Group(INSTANCE, "teams", group_id, group_id, kind, parent_id=_PARENTS.get(group_id))
    return dataclasses.replace(made, **changes)


def step(group_id: str, account_id: str = ANA, refusal: Refusal | None = None, **changes: Any) -> Revocation:
    """A step as a plan would hold it."""
    membership = Membership(Account(INSTANCE, account_id), group(group_id, **changes), refusal=refusal)
    return Revocation(f"{group_id}/{account_id}", account_id, membership)


def config(url: str, **changes: Any) -> TeamsConfig:
    """A configuration for a sandbox: unpaced, quick to give up."""
    quick = TeamsConfig(
        INSTANCE,
        TENANT_ID,
        CLIENT_ID,
        CLIENT_SECRET,
        base_url=f"{url}/v1.0",
        login_url=url,
        pace_scale=0.0,
        timeout_seconds=5.0,
        backoff_seconds=0.001,
    )
    return dataclasses.replace(quick, **changes)


@dataclass(slots=True)
class Stage:
    """A running sandbox and a connector on it."""

    sandbox: Sandbox
    teams: TeamsConnector
    url: str

    async def found(self, account_id: str = ANA) -> list[Membership | Gap]:
        account = Account(INSTANCE, account_id)
        return [item async for item in self.teams.memberships(account, KnownGroups())]

    async def memberships(self, account_id: str = ANA) -> dict[str, Membership]:
        found = [item for item in await self.found(account_id) if isinstance(item, Membership)]
        assert len({item.group.id for item in found}) == len(found), "each group once"
        return {item.group.id: item for item in found}

    async def revoke(self, *steps: Revocation) -> list[Result]:
        results = list(await self.teams.revoke(steps))
        assert [result.step_id for result in results] == [step.step_id for step in steps]
        return results

    async def one(self, group_id: str, account_id: str = ANA, **changes: Any) -> Result:
        return (await self.revoke(step(group_id, account_id, **changes)))[0]

    async def look(self, *steps: Revocation) -> list[Presence]:
        return list(await self.teams.read_back(steps))

    def fault(self, kind: FaultKind, on: str, **rest: Any) -> None:
        self.sandbox.faults.append(Fault(kind, on, **rest))

    def writes(self) -> list[JournalEntry]:
        return [entry for entry in self.sandbox.journal if entry.write]

    def requests(self) -> list[JournalEntry]:
        """Give the HTTP requests: a batch is one."""
        return [entry for entry in self.sandbox.journal if entry.part_of is None]

    def inside(self, group_id: str) -> set[str]:
        """Give who is really in a group, in whatever role."""
        world = self.sandbox.tenant
        if group_id in world.groups:
            return {*world.groups[group_id].members, *world.groups[group_id].owners}
        return set(
            world.channels[group_id].members if group_id in world.channels else world.chats[group_id].members
        )


@asynccontextmanager
async def staged(
    world: Tenant | None = None, *, sandbox: Sandbox | None = None, **changes: Any
) -> AsyncIterator[Stage]:
    """Run a sandbox and a connector on it while the block runs."""
    sandbox = sandbox or create_sandbox(world or tenant())
    async with running_sandbox(sandbox) as url:
        teams = TeamsConnector(config(url, **changes))
        try:
            yield Stage(sandbox, teams, url)
        finally:
            await teams.aclose()
