"""The Teams connector: the contract's Protocols, each answered by its own small module."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.checking import Checking
from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.config import TeamsConfig
from connectors.chat.teams.directory import Directory
from connectors.chat.teams.identity import Identity
from connectors.chat.teams.listing import Listing
from connectors.chat.teams.lockout import Lockout
from connectors.chat.teams.members import Members
from connectors.chat.teams.memberships import Memberships
from connectors.chat.teams.objects import is_address
from connectors.chat.teams.ownership import Ownership
from connectors.chat.teams.permissions import held
from connectors.chat.teams.probes import Probes
from connectors.chat.teams.reading_back import ReadingBack
from connectors.chat.teams.removal import Removal
from connectors.chat.teams.subscriptions import Subscriptions
from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    Finding,
    KnownGroups,
    Presence,
    Promotion,
    Result,
    Revocation,
)
from connectors.manifest import load_manifest
from connectors.many import AccountStep
from connectors.sights import Sights
from connectors.wire import Wire
from policies.model import Account, Gap, Group, Membership, Person, Refusal, StepAction

# What only some apps are granted; without it the act is left to people.
_NEEDED = {
    StepAction.DEACTIVATE: ("User.EnableDisableAccount.All",),
    StepAction.END_SESSIONS: ("User.RevokeSessions.All",),
    StepAction.HAND_OVER: ("Group.ReadWrite.All",),
}
MANIFEST = Path(__file__).with_name("manifest.toml")


class TeamsConnector:
    """One Entra tenant; nothing is opened, and no SDK loaded, before the first call."""

    def __init__(self, config: TeamsConfig) -> None:
        self._config = config
        self._manifest = load_manifest(MANIFEST)
        self._client = GraphClient(config, self._manifest.limits)
        self._asks = Asks(self._client)
        batches = Batches(self._client)
        self._identity = Identity(self._client, self._asks)
        self._directory = Directory(self._client, self._asks, batches)
        self._listing = Listing(self._client, self._asks, batches)
        probes = Probes(self._asks, batches)
        self._checking = Checking(self._client, self._identity, self._listing, probes, self._manifest.scopes)
        self._members = Members(self._client, self._asks, batches)
        self._ownership = Ownership(self._client, self._asks, batches, self._identity)
        self._subscriptions = Subscriptions(self._client, self._asks, self._identity)
        self._lockout = Lockout(self._client, self._asks, batches, self._identity)
        self._sights = Sights()
        self._memberships = Memberships(self._client, self._asks, batches, self._sights)
        self._removal = Removal(self._client, self._asks, batches, self._sights)
        self._reading_back = ReadingBack(self._client, self._asks, batches)

    def __repr__(self) -> str:
        return f"TeamsConnector({self._config.instance!r})"

    @property
    def instance(self) -> str:
        """The configured name of this tenant."""
        return self._config.instance

    @property
    def wire(self) -> Wire:
        """The way out, for what counts requests and connections."""
        return self._client.wire

    @property
    def graph(self) -> object:
        """The SDK's `GraphServiceClient`, over the wire; needs a running loop."""
        return self._client.sdk.graph

    @property
    def capabilities(self) -> Capabilities:
        """The manifest, narrowed to what this app may do as far as that is known."""
        token = self._identity.known
        acts = self._manifest.actions
        if token is not None:
            acts = tuple(act for act in acts if all(held(token, one) for one in _NEEDED.get(act, ())))
        return dataclasses.replace(self._manifest, actions=acts)

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:  # noqa: ARG002 - the contract's form
        """Say what is missing before the day."""
        return await self._checking.findings()

    async def own_account_ids(self) -> frozenset[str]:
        """Give the app's service principal."""
        return await self._identity.own_account_ids()

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield every account, or those a person may have."""
        await self._identity.token()
        found = self._directory.all_accounts() if person is None else self._directory.accounts_of(person)
        async for account in found:
            yield account

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:  # noqa: ARG002
        """Yield every group, team and channel, then the gaps."""
        await self._identity.token()
        async for item in self._listing.groups():
            yield item

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:  # noqa: ARG002 - the contract's form
        """Yield all the account is in; `known` is not needed, because Graph lists groups itself."""
        await self._identity.token()
        self._sights.tidy()
        async for item in self._memberships.of(account):
            yield item

    async def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in one group, owners too."""
        await self._identity.token()
        async for item in self._members.of(group):
            yield item

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """End many memberships, twenty in a request; an exception surely means that nothing was sent.

        Raises ValueError where more steps are given.
        """
        if len(steps) > self._manifest.batch:
            raise ValueError(
                f"{self.instance}: {len(steps)} steps in one call, at most {self._manifest.batch}; split them"
            )
        if not steps:
            return []
        own = await self._identity.own_account_ids()
        blocked = {step.step_id: result for step in steps if (result := self._blocked(step, own)) is not None}
        results = await self._removal.revoke([step for step in steps if step.step_id not in blocked])
        return [(blocked | results)[step.step_id] for step in steps]

    def _blocked(self, step: Revocation, own: frozenset[str]) -> Result | None:
        """Refuse, before anything leaves, a step that names two people, another tenant, or ourselves."""
        source = evidence.without_call("local", ("sent", "nothing"))
        membership = step.membership
        if step.account_id != membership.account.id:
            return evidence.refusal(step.step_id, Refusal.AMBIGUOUS, "wrong_person", source)
        if {membership.account.instance, membership.group.instance} != {self.instance}:
            return evidence.refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if step.account_id in own:
            return evidence.refusal(step.step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        if is_address(step.account_id):
            return evidence.refusal(step.step_id, Refusal.ACCOUNT_UNKNOWN, "account_unknown", source)
        return None

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Read memberships again, both roles, with the fewest calls."""
        if steps:
            await self._identity.token()
        return await self._reading_back.read(steps)

    async def promote(self, step: Promotion) -> Result:
        """Make the successor owner, and member where Teams asks for it."""
        self._sights.forget(step.group.id, step.account.id)
        return await self._ownership.promote(step)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Read the owners again."""
        return await self._ownership.sole_ownership(step)

    async def deactivate(self, step_id: str, account: Account) -> Result:
        """Disable the account; never deletes."""
        return (await self._lockout.deactivate_all([AccountStep(step_id, account)]))[0]

    async def account_active(self, step_id: str, account: Account) -> Presence:
        """Read the account again."""
        return (await self._lockout.accounts_active([AccountStep(step_id, account)]))[0]

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        """Sign the account out everywhere."""
        return (await self._lockout.end_sessions_of([AccountStep(step_id, account)]))[0]

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        """Read from when the account's sessions count."""
        return (await self._lockout.sessions_open_of([AccountStep(step_id, account)]))[0]

    async def deactivate_all(self, steps: Sequence[AccountStep]) -> Sequence[Result]:
        """Disable accounts, twenty in a request."""
        return await self._lockout.deactivate_all(steps)

    async def accounts_active(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read accounts again, twenty in a request."""
        return await self._lockout.accounts_active(steps)

    async def end_sessions_of(self, steps: Sequence[AccountStep]) -> Sequence[Result]:
        """Sign accounts out everywhere, twenty in a request."""
        return await self._lockout.end_sessions_of(steps)

    async def sessions_open_of(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read from when the accounts' sessions count, twenty in a request."""
        return await self._lockout.sessions_open_of(steps)

    async def subscribe(self, resource: str, url: str, client_state: str, expires: datetime) -> str:
        """Have Graph tell `url` of changes; gives the subscription's id."""
        return await self._subscriptions.subscribe(resource, url, client_state, expires)

    async def renew(self, subscription_id: str, expires: datetime) -> bool:
        """Let a subscription run on; False where Graph does not know it any more."""
        return await self._subscriptions.renew(subscription_id, expires)

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription."""
        await self._subscriptions.unsubscribe(subscription_id)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()
