"""The toy platform on the suite's stage: a model for a harness of your own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from connectors.contract import ChatConnector, Promotion, Revocation
from policies.model import Account, Group, GroupKind, Membership, Person, Role
from tests.contract.stage import PATIENCE, SOUND, Call, Cast, Fault, Flaw, Need, Place
from tests.contract.toy.connector import ToyConfig
from tests.contract.toy.more import WholeToy
from tests.contract.toy.more_server import MORE_ROUTES
from tests.contract.toy.server import ToyGroup, ToyWorld, serving

TOKEN = "toy-secret-4f1e8a90"
INSTANCE = "toy-1"
ROUTES = {
    Place.ACCOUNTS: "people",
    Place.GROUPS: "groups",
    Place.MEMBERSHIPS: "memberships",
    Place.WRITE: "remove",
    Place.READ_BACK: "memberships",
    Place.MEMBERS: "members",
    Place.PROMOTE: "promote",
    Place.OWNERS: "members",
    Place.CLOSE: "renew",
    Place.WAYS: "link",
}
READ_PLACES = (
    Place.ACCOUNTS,
    Place.GROUPS,
    Place.MEMBERSHIPS,
    Place.READ_BACK,
    Place.MEMBERS,
    Place.OWNERS,
    Place.WAYS,
)
ORDINARY = ("g1", "g2", "g3", "g4", "g5")
TRIO = ("p-ana", "p-ana-2", "p-omar")


def toy_world() -> ToyWorld:
    people = {"p-ana": "Ana Quispe", "p-ana-2": "Ana Quispe", "p-omar": "عمر", "p-li": "Li", "bot": "Bawab"}
    trio = dict.fromkeys((*TRIO, "bot"), "member")
    groups = {id_: ToyGroup(f"Group {id_}", dict(trio)) for id_ in ORDINARY}
    groups["outside"] = ToyGroup("Outside", {"p-omar": "member", "p-ana-2": "member"})
    groups["everyone"] = ToyGroup("Everyone", dict.fromkeys(people, "member"), default=True)
    groups["owned"] = ToyGroup("Ana's", {"p-ana": "owner", "p-omar": "member"})
    groups["hidden"] = ToyGroup("Hidden", dict(trio), hidden=True)
    world = ToyWorld(TOKEN, people, groups)
    for group in groups.values():
        world.new_link(group)
    return world


def toy_cast() -> Cast:
    return Cast(
        person=Person("E7", "Ana Quispe", account_ids=((INSTANCE, "p-ana"),)),
        leaver=Account(INSTANCE, "p-ana", "Ana Quispe", email="ana@example.org"),
        namesake=Account(INSTANCE, "p-ana-2", "Ana Quispe", email="ana.quispe@example.org"),
        everybody=frozenset({"p-ana", "p-ana-2", "p-omar", "p-li", "bot"}),
        groups=ORDINARY,
        outside="outside",
        bot=Account(INSTANCE, "bot", "Bawab"),
        default="everyone",
        owned="owned",
        successor=Account(INSTANCE, "p-omar", "عمر"),
        hidden=frozenset({"hidden"}),
        read_back_calls=8,
    )


class ToyStage:
    """One toy server with its connector."""

    def __init__(self, world: ToyWorld, connector: ChatConnector) -> None:
        self.world = world
        self.connector = connector
        self.cast = toy_cast()
        self.secrets = frozenset({TOKEN})

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        who = account or self.cast.leaver
        real = self.world.groups.get(group_id, ToyGroup(group_id, {}))
        group = Group(INSTANCE, "toy", group_id, real.name, GroupKind.GROUP_CHAT)
        role = Role(real.members.get(who.id, "member"))
        alone = role is Role.OWNER and list(real.members.values()).count("owner") == 1
        return Revocation(f"step-{group_id}", who.id, Membership(who, group, role, sole_owner=alone))

    def promotion(self, group_id: str, successor: Account) -> Promotion:
        group = self.revocation(group_id).membership.group
        return Promotion(f"promote-{group_id}", successor, group, self.cast.leaver.id)

    async def owners(self) -> Mapping[str, frozenset[str]]:
        held = {id_: group.members.items() for id_, group in self.world.groups.items()}
        return {id_: frozenset(who for who, role in roles if role == "owner") for id_, roles in held.items()}

    async def ways_in(self) -> frozenset[str]:
        return frozenset(self.world.groups[id_].link for id_ in ORDINARY)

    async def links(self) -> frozenset[str]:
        return frozenset(group.link for group in self.world.groups.values())

    @property
    def movable(self) -> str:
        return "g2"

    async def move(self) -> str:
        old = self.world.groups["g2"]
        self.world.groups["g2-new"] = ToyGroup(old.name, old.members, link=old.link)
        self.world.groups["g2"] = ToyGroup(old.name, {}, moved_to="g2-new")
        return "g2-new"

    async def truth(self) -> Mapping[str, frozenset[str]]:
        return {id_: frozenset(group.members) for id_, group in self.world.groups.items()}

    async def calls(self) -> Sequence[Call]:
        return tuple(self.world.calls)

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        self.world.faults[ROUTES[place], group or ""] = fault

    async def settle(self) -> None:
        self.world.settle()

    async def deactivate(self, account: Account) -> None:
        raise NotImplementedError(f"the toy cannot close {account.id}; its manifest does not claim it")

    async def rename(self) -> None:
        self.world.people["p-ana"] = "Ana Quispe-Rojas"
        self.world.groups["g1"].name = "Renamed"

    async def withhold_scope(self, name: str) -> None:
        self.world.scopes.discard(name)


class ToyHarness:
    """Starts a fresh toy for every check."""

    name = "toy"
    capabilities = WholeToy.capabilities
    declares = frozenset(
        {
            Need.OWNERS,
            Need.DEFAULT_GROUP,
            Need.HIDDEN_GROUPS,
            Need.OWN_ACCOUNT,
            Need.RENAMES,
            Need.MOVES,
            Need.LISTS_MEMBERS,
        }
    )
    faults = frozenset(
        {
            (fault, place)
            for place in (Place.WRITE, Place.PROMOTE, Place.CLOSE)
            for fault in Fault
            if fault not in {Fault.UNREADABLE, Fault.PAGE_MISSING}
        }
        | {
            (fault, place)
            for place in READ_PLACES
            for fault in (
                Fault.PAGE_MISSING,
                Fault.SERVER_ERROR,
                Fault.DROPPED,
                Fault.SILENCE,
                Fault.EMPTY_ANSWER,
                Fault.MALFORMED_ANSWER,
                Fault.UNREADABLE,
                Fault.TOKEN_REVOKED,
            )
        }
    )

    @asynccontextmanager
    async def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AsyncIterator[ToyStage]:
        world = toy_world()
        async with serving(world, MORE_ROUTES) as url:
            dry = read_only and not flaw.ignores_read_only
            connector = WholeToy(ToyConfig(INSTANCE, url, TOKEN, read_only=dry, timeout_seconds=patience))
            stage = ToyStage(world, connector)
            stage.connector = flaw.wrap(connector, stage)
            try:
                yield stage
            finally:
                await connector.aclose()
