"""Where one person is now: every account, every group, and by whom each membership can be ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.by_whom import Exit, Ground, exit_of, way_out
from bot.groups.memory import known_groups
from bot.groups.report import Answerer, answerer
from bot.groups.report_reading import Progress
from bot.people.who import the_person
from bot.states import CASE_OPEN, StepState
from bot.store.people import link_value
from bot.store.query import columns, where
from bot.store.tables import CaseRow, LinkRow, StepRow
from connectors.contract import ChatConnector, KnownGroups
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.identity import match
from policies.model import Account, Certainty, Gap, Group, Membership, Person, StepAction
from policies.selectors import Registry, registered, registry_of


@dataclass(frozen=True, slots=True)
class Tie:
    """An account that is tied to the person, and how surely."""

    account_id: str
    account: Account | None
    """None where the platform shows it no more."""
    evidence: str
    certainty: Certainty
    why: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One group the person is in."""

    membership: Membership
    exit: Exit
    confirmed_at: datetime | None = None
    """When somebody confirmed having taken them out, where no platform can be asked and the list still names
    them."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The person on one instance, read at `read_at`; `error` where it could not be read whole."""

    instance: str
    platform: str
    title: str
    residual: str
    """What somebody keeps there after a complete removal."""
    read_at: datetime
    ties: tuple[Tie, ...] = ()
    places: tuple[Place, ...] = ()
    gaps: tuple[Gap, ...] = ()
    error: ConnectorError | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Everything that is known of where a person is."""

    person: Person
    standing: Answerer
    spots: tuple[Spot, ...]
    cases: tuple[CaseRow, ...] = field(default=())
    """Open ones, the next due first."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of a person on one instance, read at once."""

    own: tuple[LinkRow, ...]
    claims: tuple[LinkRow, ...]
    """Every link that touches these accounts, other people's too."""
    groups: KnownGroups


async def whereabouts(app: Bawab, who: str, *, progress: Progress | None = None) -> Whereabouts:
    """Read every platform for one person; one that cannot be read is said. Raises NotOnePerson."""
    async with app.store.read() as tx:
        person = person_from_json((await the_person(tx, who)).record)
        cases = columns(CaseRow)
        open_ = await where(tx, CaseRow, cases.person_id == person.id, cases.state.in_(CASE_OPEN))
    registry, spots = registry_of(app.registry), []
    for done, name in enumerate(sorted(app.chat)):
        if progress is not None:
            progress(done, len(app.chat))
        spots.append(await _Look(app, app.chat[name], person, registry).spot())
    standing = answerer(person, app.now(), app.settings.time_zone or "UTC")
    return Whereabouts(person, standing, tuple(spots), tuple(sorted(open_, key=_due)))


def _due(case: CaseRow) -> str:
    return case.due.isoformat() if case.due else "~"


@dataclass(frozen=True, slots=True)
class _Look:
    """One person looked for on one instance; nothing is found by e-mail or name here."""

    app: Bawab
    connector: ChatConnector
    person: Person
    registry: Registry

    async def spot(self) -> Spot:
        able, name = self.connector.capabilities, self.connector.instance
        empty = Spot(name, able.platform, able.title, able.residual_access, self.app.now())
        async with self.app.store.read() as tx:
            known = await _known(tx, self.person.id, name)
        try:
            return await self._read(empty, known)
        except ConnectorError as error:
            ties = tuple(_unread(link) for link in known.own)
            return replace(empty, ties=ties, error=error)

    async def _read(self, empty: Spot, known: _Known) -> Spot:
        accounts = await self._accounts(known)
        ties = self._ties(known, accounts)
        gaps = self._missing(ties)
        found: list[tuple[Tie, Membership]] = []
        for tie in ties:
            if tie.account is None:
                continue
            async for one in self.connector.memberships(tie.account, known.groups):
                if isinstance(one, Gap):
                    gaps.append(one)
                else:
                    found.append((tie, one))
        own = await self.connector.own_account_ids()
        listing = await self._listing(known, [one for _, one in found])
        places = [await self._place(_listed(one, listing), tie, own) for tie, one in found]
        places.sort(key=lambda one: (one.membership.group.name.casefold(), one.membership.group.id))
        unique = tuple(dict.fromkeys(gaps))
        return replace(empty, ties=tuple(ties), places=tuple(places), gaps=unique)

    async def _listing(self, known: _Known, found: Sequence[Membership]) -> dict[str, Group]:
        """Read the groups themselves where a membership does not say whether the bot is inside."""
        if not self.connector.capabilities.lists_groups or all(
            one.group.bot_inside is not None for one in found
        ):
            return {}
        seen = [each async for each in self.connector.groups(known.groups)]
        return {group.id: group for group in seen if isinstance(group, Group)}

    async def _accounts(self, known: _Known) -> dict[str, Account]:
        """Read the linked accounts by their immutable ids; by hand, the one that HR's own id names."""
        name = self.connector.instance
        own = tuple(sorted((name, link.account_id) for link in known.own))
        by_hand = not self.connector.capabilities.revokes
        if not own and not by_hand:
            return {}
        asked = replace(self.person, account_ids=own, email=None, phone=None)
        wanted = {account_id for _, account_id in own}
        found = [account async for account in self.connector.accounts(asked)]
        return {account.id: account for account in found if by_hand or account.id in wanted}

    def _ties(self, known: _Known, accounts: dict[str, Account]) -> list[Tie]:
        claims = [link_value(link) for link in known.claims]
        ties = []
        for link in known.own:
            account = accounts.get(link.account_id)
            if account is None:
                ties.append(_unread(link))
                continue
            (found,) = match(self.person, [account], claims)
            since = link.created_at
            ties.append(Tie(account.id, account, link.evidence, found.certainty, found.why, since))
        linked = {link.account_id for link in known.own}
        # Where there is no interface the account is HR's own id: nothing could be mistaken.
        ties += [
            Tie(account.id, account, "hr_record", Certainty.CERTAIN, "hr_record")
            for account in accounts.values()
            if account.id not in linked
        ]
        return ties

    def _missing(self, ties: Sequence[Tie]) -> list[Gap]:
        name = self.connector.instance
        gone = [Gap(name, "account_gone", detail=tie.account_id) for tie in ties if tie.account is None]
        return gone if ties else [Gap(name, "no_account_linked")]

    async def _place(self, membership: Membership, tie: Tie, own: frozenset[str]) -> Place:
        ground = Ground(
            able=self.connector.capabilities,
            may_join=self.app.shelf.may_join,
            person_id=self.person.id,
            certainty=tie.certainty,
            protected=frozenset(self.app.shelf.current.protected),
            own=frozenset((self.connector.instance, account) for account in own),
        )
        row = registered(membership.group, self.registry)
        async with self.app.store.read() as tx:
            way = await exit_of(self.app, tx, way_out(membership, ground), row, self.person)
            confirmed = None if ground.able.revokes else await _confirmed(tx, self.person.id, membership)
        return Place(membership, way, confirmed)


async def _confirmed(tx: AsyncConnection, person_id: str, membership: Membership) -> datetime | None:
    steps = columns(StepRow)
    mine = [steps.person_id == person_id, steps.instance == membership.group.instance]
    mine += [steps.group_id == membership.group.id, steps.account_id == membership.account.id]
    found = await where(tx, StepRow, *mine, steps.action == StepAction.REVOKE)
    last = max(found, key=lambda step: step.created_at, default=None)
    return last.updated_at if last is not None and last.state == StepState.ATTESTED else None


def _listed(membership: Membership, listing: dict[str, Group]) -> Membership:
    """What the listing says of the group is the more complete."""
    return replace(membership, group=listing.get(membership.group.id, membership.group))


def _unread(link: LinkRow) -> Tie:
    """A tie whose account was not seen now: what was written down is all that can be said."""
    return Tie(link.account_id, None, link.evidence, Certainty.NONE, "", link.created_at)


async def _known(tx: AsyncConnection, person_id: str, instance: str) -> _Known:
    links = columns(LinkRow)
    own = await where(tx, LinkRow, links.person_id == person_id, links.instance == instance)
    accounts = [row.account_id for row in own]
    claims = await where(tx, LinkRow, links.instance == instance, links.account_id.in_(accounts))
    return _Known(tuple(own), tuple(claims), await known_groups(tx, instance))
