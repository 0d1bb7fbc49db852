"""The manual connector on the contract suite's stage, beside the human world it cannot see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from connectors.chat.manual import ManualConfig, ManualConnector
from connectors.chat.manual.sandbox import HumanWorld, human_world
from connectors.contract import ChatConnector, Revocation
from policies.model import Account, Group, GroupKind, Membership, Person, RegisteredGroup
from tests.contract.stage import PATIENCE, SOUND, Call, Cast, Fault, Flaw, Need, Place

INSTANCE = "whatsapp-riyadh"
ORDINARY = ("Sales", "Night shift", "مبيعات الرياض", "Drivers")


def registry() -> tuple[RegisteredGroup, ...]:
    """Rows as HR and IT keep them: one without a list of members, and one of another instance."""
    kept = [RegisteredGroup(INSTANCE, name, owner_id="E1", members=("E7", "E8", "E9")) for name in ORDINARY]
    outside = RegisteredGroup(INSTANCE, "Board", owner_id="E1", members=("E1", "E8"))
    unknown = RegisteredGroup(INSTANCE, "Friends of sales", owner_id="E1")
    return (*kept, outside, unknown, RegisteredGroup("messenger-1", "Elsewhere", members=("E7",)))


def world() -> HumanWorld:
    """What is really so, the group nobody wrote down included."""
    members = dict.fromkeys((*ORDINARY, "Friends of sales"), ("E1", "E7", "E8", "E9"))
    return human_world({**members, "Board": ("E1", "E8")}, admin="E1")


def _account(person_id: str, name: str) -> Account:
    return Account(INSTANCE, f"manual:{person_id}", name)


class ManualStage:
    """One connector and one human world; nothing joins them but people."""

    def __init__(self, connector: ManualConnector) -> None:
        self.world = world()
        self.connector: ChatConnector = connector
        self.secrets: frozenset[str] = frozenset()
        self.cast = Cast(
            person=Person("E7", "Ana Quispe"),
            leaver=_account("E7", "Ana Quispe"),
            namesake=_account("E8", "Ana Quispe"),
            everybody=frozenset({"manual:E1", "manual:E7", "manual:E8", "manual:E9"}),
            groups=ORDINARY,
            outside="Board",
            hidden=frozenset({"Friends of sales"}),
        )

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        who = account or self.cast.leaver
        group = Group(INSTANCE, "whatsapp", group_id, group_id, GroupKind.GROUP_CHAT)
        return Revocation(f"step-{group_id}", who.id, Membership(who, group))

    async def truth(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(f"manual:{id_}" for id_ in ids) for name, ids in self.world.really().items()}

    async def calls(self) -> Sequence[Call]:
        return ()

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        raise NotImplementedError(f"no wire, so no {fault} at {place} of {group}; the harness declares none")

    async def settle(self) -> None:
        raise NotImplementedError("nothing is ever delayed here; the harness declares no such fault")

    async def deactivate(self, account: Account) -> None:
        raise NotImplementedError(f"{account.id} cannot be closed by us; the manifest does not claim it")

    async def rename(self) -> None:
        raise NotImplementedError("a hand-kept group is known by its name; the harness does not declare it")

    async def withhold_scope(self, name: str) -> None:
        raise NotImplementedError(f"there is no {name}; the manifest lists no scopes")


class ManualHarness:
    """Starts a fresh connector and a fresh world for every check."""

    name = "manual"
    capabilities = ManualConnector(ManualConfig(INSTANCE, "whatsapp")).capabilities
    declares = frozenset({Need.HIDDEN_GROUPS})
    faults: frozenset[tuple[Fault, Place]] = frozenset()

    @asynccontextmanager
    async def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AsyncIterator[ManualStage]:
        # Nothing is ever sent: every run is a dry run, and there is no answer to wait for.
        _ = read_only, patience
        connector = ManualConnector(ManualConfig(INSTANCE, "whatsapp", registry=registry()))
        stage = ManualStage(connector)
        stage.connector = flaw.wrap(connector, stage)
        yield stage
        await connector.aclose()
