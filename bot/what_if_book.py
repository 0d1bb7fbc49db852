"""Who is in which group, as far as it is remembered or was read a moment ago: what a supposition rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.report_members import OUT
from bot.states import STEP_SUCCESS
from bot.store.group_tables import KnownGroupRow, RosterRow
from bot.store.people import link_value
from bot.store.query import columns, where
from bot.store.tables import LinkRow, PersonRow, SnapshotRow, StepRow
from bot.values import group_from_plain
from connectors.contract import KnownGroups, ListsMembers
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.identity import match
from policies.model import (
    Account,
    Certainty,
    Group,
    GroupKind,
    IdentityLink,
    Membership,
    Person,
    PersonStatus,
    Role,
)

Progress = Callable[[int, int], None]
Tied = tuple[Certainty, str]
_ROLES = {
    "creator": Role.OWNER,
    "owner": Role.OWNER,
    "administrator": Role.ADMIN,
    "admin": Role.ADMIN,
}
"""By the platform's own word in a roster; anything else is a member."""


@dataclass(slots=True)
class Book:
    """People, their accounts and what they are in; `unknown` names instances of which nothing is known."""

    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, dict[tuple[str, str], tuple[Account, Tied]]] = field(default_factory=dict)
    """Employee id → (instance, account id) → the account, and how surely it is theirs."""
    memberships: dict[str, dict[tuple[str, str, str], Membership]] = field(default_factory=dict)
    """Employee id → (instance, account id, group id) → membership."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Instance → why nothing is known of it: `not_remembered`, or the platform's words."""

    def enter(self, person_id: str, membership: Membership) -> None:
        """Put a membership of somebody in; one that is there already stays."""
        account, group = membership.account, membership.group
        mine = self.memberships.setdefault(person_id, {})
        mine.setdefault((group.instance, account.id, group.id), membership)


async def remembered(app: Bawab) -> Book:
    """Open the book from what is stored: rosters, the registry, what plans last saw. Asks no platform."""
    async with app.store.read() as tx:
        ground = await _ground(tx)
        rosters = await where(tx, RosterRow)
        snapshots = await _standing(tx)
    book = _book(ground)
    for row in rosters:
        if row.status not in OUT:
            _enter(book, ground, row.instance, row.account_id, row.group_id, _ROLES.get(row.status))
    for each in snapshots:
        group = Group(each.instance, "", each.group_id, each.group_name, GroupKind(each.group_kind))
        ground.groups.setdefault((each.instance, each.group_id), group)
        _enter(book, ground, each.instance, each.account_id, each.group_id, Role(each.role))
    _by_registry(app, book, ground)
    known = {instance for mine in book.memberships.values() for instance, _, _ in mine}
    book.unknown = {name: "not_remembered" for name in sorted(app.chat) if name not in known}
    return book


async def read_now(app: Bawab, *, progress: Progress | None = None) -> Book:
    """Open the book from what platforms show now, group by group, reads only; memory fills what lists none.

    An instance that cannot be read whole is named in `unknown`, and what was read of it is left out.
    """
    book = await remembered(app)
    async with app.store.read() as tx:
        ground = await _ground(tx)
    listing = {name: each for name, each in sorted(app.chat.items()) if isinstance(each, ListsMembers)}
    for at, (name, connector) in enumerate(listing.items()):
        try:
            known = KnownGroups(tuple(one for one in ground.groups.values() if one.instance == name))
            seen = [each async for each in connector.groups(known)]
            groups = [each for each in seen if isinstance(each, Group)]
            found = await _members(ground, connector, groups, _share(progress, at, len(listing)))
        except ConnectorError as error:
            book.unknown[name] = str(error)
            found = []
        else:
            book.unknown.pop(name, None)
        _replace(book, ground, name, found)
    return book


async def _members(
    ground: _Ground, connector: ListsMembers, groups: Sequence[Group], progress: Progress | None
) -> list[tuple[str, Membership]]:
    """Read who is in each of these groups, as far as accounts are tied to somebody."""
    found: list[tuple[str, Membership]] = []
    for done, group in enumerate(groups, 1):
        async for each in connector.members(group):
            if isinstance(each, Membership):
                found += [(one, each) for one in ground.holders(group.instance, each.account.id)]
        if progress is not None:
            progress(done, len(groups))
    return found


def _share(progress: Progress | None, at: int, of: int) -> Progress | None:
    """Tell one platform's progress as a part of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(at * total + done, of * total)


@dataclass(slots=True)
class _Ground:
    """What the store knows of people, links and groups."""

    people: Mapping[str, Person]
    links: Mapping[tuple[str, str], Sequence[IdentityLink]]
    groups: dict[tuple[str, str], Group]

    def holders(self, instance: str, account_id: str) -> Sequence[str]:
        claims = self.links.get((instance, account_id), ())
        return [link.person_id for link in claims if link.person_id in self.people]


async def _ground(tx: AsyncConnection) -> _Ground:
    people = {row.id: person_from_json(row.record) for row in await where(tx, PersonRow)}
    links: dict[tuple[str, str], list[IdentityLink]] = {}
    for row in await where(tx, LinkRow):
        links.setdefault((row.instance, row.account_id), []).append(link_value(row))
    known = await where(tx, KnownGroupRow, columns(KnownGroupRow).gone_at.is_(None))
    groups = (group_from_plain(row.group) for row in known)
    return _Ground(people, links, {(one.instance, one.id): one for one in groups if one is not None})


async def _standing(tx: AsyncConnection) -> list[SnapshotRow]:
    """Memberships as plans last saw them, but for those that have ended since."""
    steps = columns(StepRow)
    ended = await where(tx, StepRow, steps.state.in_(STEP_SUCCESS))
    gone = {(step.instance, step.account_id, step.group_id) for step in ended}
    rows = await where(tx, SnapshotRow)
    return [row for row in rows if (row.instance, row.account_id, row.group_id) not in gone]


def _book(ground: _Ground) -> Book:
    here = {id_: one for id_, one in ground.people.items() if one.status is not PersonStatus.TERMINATED}
    book = Book(people=here)
    for (instance, account_id), claims in ground.links.items():
        for link in claims:
            if link.person_id in here:
                _tie(book, ground, link.person_id, Account(instance, account_id))
    return book


def _tie(book: Book, ground: _Ground, person_id: str, account: Account) -> None:
    claims = ground.links.get((account.instance, account.id), ())
    (found,) = match(ground.people[person_id], [account], claims)
    mine = book.accounts.setdefault(person_id, {})
    mine[account.instance, account.id] = (account, (found.certainty, found.why))


def _enter(
    book: Book, ground: _Ground, instance: str, account_id: str, group_id: str, role: Role | None
) -> None:
    group = ground.groups.get((instance, group_id))
    if group is None:
        return
    for person_id in ground.holders(instance, account_id):
        if person_id in book.people:
            account = Account(instance, account_id)
            book.enter(person_id, Membership(account, group, role or Role.MEMBER))


def _replace(book: Book, ground: _Ground, name: str, found: Sequence[tuple[str, Membership]]) -> None:
    """What was read now stands in the place of what was remembered of this instance."""
    for mine in book.memberships.values():
        for key in [key for key in mine if key[0] == name]:
            del mine[key]
    for person_id, membership in found:
        if person_id in book.people:
            _tie(book, ground, person_id, membership.account)
            book.enter(person_id, membership)


def _by_registry(app: Bawab, book: Book, ground: _Ground) -> None:
    """Where there is no interface people are where the registry names them, by HR's own id."""
    for row in app.registry:
        connector = app.chat.get(row.instance)
        if connector is None or connector.capabilities.revokes:
            continue
        platform = connector.capabilities.platform
        group = ground.groups.get((row.instance, row.group)) or Group(
            row.instance, platform, row.group, row.name or row.group, GroupKind.CHAT
        )
        roles = {row.deputy_id: Role.ADMIN, row.owner_id: Role.OWNER}
        for person_id in dict.fromkeys(one for one in (row.owner_id, row.deputy_id, *row.members) if one):
            if person_id in book.people:
                account = Account(row.instance, f"manual:{person_id}", book.people[person_id].name)
                tied = book.accounts.setdefault(person_id, {})
                tied[row.instance, account.id] = (account, (Certainty.CERTAIN, "hr_record"))
                book.enter(person_id, Membership(account, group, roles.get(person_id, Role.MEMBER)))
