"""A plan drawn up from what a platform shows now: the same for the preview and for the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.memory import known_groups
from bot.groups.successors import candidates_for
from bot.store.people import links_of
from bot.store.people import person as person_now
from bot.store.tables import CaseRow
from bot.values import event_from_plain
from connectors.contract import NO_GROUPS, ChatConnector, ClosesTheWayBack, KnownGroups
from connectors.errors import ConnectorError
from policies.identity import match
from policies.model import (
    Account,
    Certainty,
    Gap,
    Group,
    IdentityLink,
    LifecycleEvent,
    Membership,
    Person,
    Plan,
    Post,
    StepAction,
    Verdict,
    WayBack,
)
from policies.plan import Case, InstanceFacts, PlanContext, closes_way_back, plan
from policies.rules import Policy

CAP_EXTRA = 2
"""How many memberships more than previewed an approval still covers, at least."""
CAP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Draft:
    """A case's plan on one instance, with the memberships it was drawn from."""

    instance: str
    plan: Plan
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """An instance that could not be read completely: nothing is planned there until it can."""

    instance: str
    error: ConnectorError


class Drafter:
    """Draws plans; the listing of an instance's groups is read once and kept for this drafter's life."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._groups: dict[str, tuple[Group, ...]] = {}

    async def everywhere(self, row: CaseRow, *, joins: bool = False) -> list[Draft | Unread]:
        """Draw the case's plan on every instance; an unreadable one is said, not left out."""
        drafts: list[Draft | Unread] = []
        for name in sorted(self._app.chat):
            try:
                drafts.append(await self.on(row, name, joins=joins))
            except ConnectorError as error:
                drafts.append(Unread(name, error))
        return drafts

    async def on(self, row: CaseRow, instance: str, *, joins: bool = False) -> Draft:
        """Draw the case's plan on one instance; raises ConnectorError where it is not readable whole."""
        app, connector = self._app, self._app.chat[instance]
        policy, links, known = await app.store.look(partial(self._known_of, row, instance))
        case = _case(row, instance)
        person = case.event.person
        accounts = await self._accounts(connector, person, links)
        memberships, gaps = await self._memberships(connector, accounts)
        gaps += _missing(connector, person, links, accounts)
        context = await self._context(connector, person, accounts, links, joins=joins)
        candidates = await candidates_for(app, connector, person, memberships)
        context = replace(context, post_now=post_now(case.event, known), candidates=candidates)
        drawn = plan(case, policy, memberships, gaps, context)
        rule = policy.rule(case.rule)
        if rule is not None and closes_way_back(rule):
            ways, unclosed = await self._ways_back(connector, drawn)
            drawn = plan(case, policy, memberships, [*gaps, *unclosed], replace(context, ways=ways))
        return Draft(instance, drawn, tuple(memberships))

    async def _known_of(
        self, row: CaseRow, instance: str, tx: AsyncConnection
    ) -> tuple[Policy, Sequence[IdentityLink], Person | None]:
        """Give what is stored: the policy the case was decided under, the links, who the person is now."""
        policy = await self._app.shelf.version(tx, row.policy_digest)
        return policy, await links_of(tx, row.person_id, instance), await person_now(tx, row.person_id)

    async def groups(self, instance: str) -> tuple[Group, ...]:
        """List an instance's groups, once."""
        if instance not in self._groups:
            known = await self._known(self._app.chat[instance])
            seen = [group async for group in self._app.chat[instance].groups(known)]
            self._groups[instance] = tuple(group for group in seen if isinstance(group, Group))
        return self._groups[instance]

    async def _accounts(
        self, connector: ChatConnector, person: Person, links: Sequence[IdentityLink]
    ) -> list[Account]:
        """Read the linked accounts by their immutable ids; the e-mail is never looked up here."""
        own = tuple(sorted((link.instance, link.account_id) for link in links if link.person_id == person.id))
        if not own:
            return []
        asked = replace(person, account_ids=own, email=None)
        wanted = {account_id for _, account_id in own}
        return [account async for account in connector.accounts(asked) if account.id in wanted]

    async def _memberships(
        self, connector: ChatConnector, accounts: Sequence[Account]
    ) -> tuple[list[Membership], list[Gap]]:
        memberships: list[Membership] = []
        gaps: list[Gap] = []
        known = await self._known(connector)
        for account in accounts:
            async for found in connector.memberships(account, known):
                if isinstance(found, Membership):
                    memberships.append(found)
                else:
                    gaps.append(found)
        return memberships, gaps

    async def _known(self, connector: ChatConnector) -> KnownGroups:
        """Give what Bawab remembers of groups, where the platform lists none."""
        if connector.capabilities.lists_groups:
            return NO_GROUPS
        async with self._app.store.read() as tx:
            return await known_groups(tx, connector.instance)

    async def _ways_back(
        self, connector: ChatConnector, drawn: Plan
    ) -> tuple[Mapping[tuple[str, str], Sequence[WayBack]], list[Gap]]:
        """Ask what leads back into the groups that are to be lost; what only people can close is a gap."""
        lost: dict[Account, list[Group]] = {}
        for step in drawn.steps:
            if step.action is StepAction.REVOKE and step.verdict is Verdict.ACT and step.group is not None:
                lost.setdefault(step.account, []).append(step.group)
        ways: dict[tuple[str, str], list[WayBack]] = {}
        gaps: list[Gap] = []
        if not isinstance(connector, ClosesTheWayBack):
            return ways, gaps
        for account, groups in lost.items():
            async for found in connector.ways_back(account, groups):
                if isinstance(found, WayBack):
                    ways.setdefault((account.instance, account.id), []).append(found)
                else:
                    gaps.append(found)
        return ways, gaps

    async def _context(
        self,
        connector: ChatConnector,
        person: Person,
        accounts: Sequence[Account],
        links: Sequence[IdentityLink],
        *,
        joins: bool,
    ) -> PlanContext:
        instance, able = connector.instance, connector.capabilities
        own = await connector.own_account_ids()
        certainty: dict[tuple[str, str], tuple[Certainty, str]] = {
            (found.account.instance, found.account.id): (found.certainty, found.why)
            for found in match(person, accounts, links)
        }
        return PlanContext(
            certainty=certainty,
            accounts=accounts,
            protected=frozenset(),
            own_accounts=frozenset((instance, account) for account in own),
            registry=self._app.registry,
            groups=await self.groups(instance) if joins else (),
            instances={instance: InstanceFacts(able.platform, able.actions, able.lockout_order)},
        )


def post_now(event: LifecycleEvent, known: Person | None) -> Post | None:
    """Where HR's record says the person is, once it shows the move; before, it shows the post to leave."""
    if known is None:
        return None
    ahead = event.effective is not None and known.upcoming is not None and known.upcoming.post == event.after
    return None if ahead else known.post


def cap_of(approved: int) -> int:
    """The number of memberships an approval of so many covers."""
    return approved + max(CAP_EXTRA, int(approved * CAP_SHARE))


def _case(row: CaseRow, instance: str) -> Case:
    approved = (row.approved or {}).get(instance) if row.approved else None
    return Case(
        id=row.id,
        event=event_from_plain(row.event),
        rule=row.rule,
        due=row.due or row.created_at,
        cap=None if approved is None else cap_of(len(approved)),
        approved=frozenset((instance, group) for group in approved or ()),
    )


def _missing(
    connector: ChatConnector, person: Person, links: Sequence[IdentityLink], accounts: Sequence[Account]
) -> list[Gap]:
    """A linked account the platform no longer shows, or no linked account at all, is said.

    Where there is no API a person has an account only in so far as the registry names them in a group.
    """
    instance = connector.instance
    linked = {link.account_id for link in links if link.person_id == person.id}
    gone = sorted(linked - {account.id for account in accounts})
    gaps = [Gap(instance, "account_gone", detail=account) for account in gone]
    return gaps if linked or not connector.capabilities.revokes else [Gap(instance, "no_account_linked")]
