"""Who is in the groups that should not be: people from outside, and people who have left the company."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.report import Answerer, GroupEntry, ReportKind, Standing, answerer
from bot.groups.report_reading import Progress
from bot.store.group_tables import RosterRow
from bot.store.people import link_value
from bot.store.query import columns, where
from bot.store.tables import LinkRow, PersonRow
from connectors.contract import ChatConnector, ListsMembers
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.identity import match
from policies.model import Account, AccountKind, Certainty, Gap, IdentityLink, Person, Role

FROM_OUTSIDE = frozenset({AccountKind.GUEST, AccountKind.SINGLE_CHANNEL_GUEST, AccountKind.EXTERNAL})
OUT = frozenset({"left", "kicked", "banned"})
"""What the platform's own words in a roster mean that somebody is not inside (any more)."""
NOBODY = "linked_to_nobody"
ONLY_SEEN = "only_what_was_seen"
"""Why a report of a group is not complete: its members cannot be listed, and some were seen."""
CANNOT_LIST = "members_cannot_be_listed"


@dataclass(frozen=True, slots=True)
class Inside:
    """One account in one group that the report is about."""

    entry: GroupEntry
    account: Account
    role: Role
    why: str
    """The account's kind, NOBODY, or for former staff the evidence of the link."""
    person: Answerer | None = None
    seen_at: datetime | None = None
    """Where it was only seen: when."""


@dataclass(slots=True)
class Findings:
    """What was found, what could not be read, and how many accounts are in doubt."""

    inside: list[Inside] = field(default_factory=list)
    blind: list[Gap] = field(default_factory=list)
    unread: list[tuple[str, ConnectorError]] = field(default_factory=list)
    doubtful: int = 0
    """Accounts tied to somebody, but not with certainty: neither outsiders nor former staff."""
    groups: int = 0
    """How many groups were looked into."""


async def look_inside(
    app: Bawab, entries: Sequence[GroupEntry], kind: ReportKind, *, progress: Progress | None = None
) -> Findings:
    """Look into these groups, live where the platform lists members; an unreadable instance is said."""
    findings, done = Findings(), 0
    there = [one for one in entries if one.group is not None and one.gone_at is None]
    for name in sorted({one.instance for one in there} & set(app.chat)):
        mine = [one for one in there if one.instance == name]
        look = _Look(app, app.chat[name], kind, findings)
        try:
            await look.begin()
            for entry in mine:
                if progress is not None:
                    progress(done, len(there))
                done += 1
                await look.into(entry)
        except ConnectorError as error:
            findings.unread.append((name, error))
    findings.inside.sort(key=lambda one: (one.entry.instance, one.entry.name.casefold(), one.account.name))
    return findings


class _Look:
    """One instance being looked into."""

    def __init__(self, app: Bawab, connector: ChatConnector, kind: ReportKind, findings: Findings) -> None:
        self._app = app
        self._connector = connector
        self._kind = kind
        self._findings = findings
        self._own: frozenset[str] = frozenset()
        self._accounts: dict[str, Account] = {}
        self._links: dict[str, list[IdentityLink]] = {}
        self._people: dict[str, Person] = {}

    async def begin(self) -> None:
        """Read who is who on this instance."""
        self._own = await self._connector.own_account_ids()
        if self._connector.capabilities.lists_accounts and self._connector.capabilities.revokes:
            self._accounts = {account.id: account async for account in self._connector.accounts()}
        async with self._app.store.read() as tx:
            await self._directory(tx)

    async def _directory(self, tx: AsyncConnection) -> None:
        links = columns(LinkRow)
        for row in await where(tx, LinkRow, links.instance == self._connector.instance):
            self._links.setdefault(row.account_id, []).append(link_value(row))
        self._people = {row.id: person_from_json(row.record) for row in await where(tx, PersonRow)}

    async def into(self, entry: GroupEntry) -> None:
        """Judge everybody who is in one group, or was seen there."""
        self._findings.groups += 1
        if not self._connector.capabilities.revokes:
            self._by_registry(entry)
            return
        if isinstance(self._connector, ListsMembers) and entry.group is not None:
            async for found in self._connector.members(entry.group):
                if isinstance(found, Gap):
                    self._findings.blind.append(found)
                else:
                    self._judge(entry, found.account, found.role)
            return
        async for account, role, seen_at in self._seen(entry):
            self._judge(entry, account, role, seen_at)

    async def _seen(self, entry: GroupEntry) -> AsyncIterator[tuple[Account, Role, datetime]]:
        rows = columns(RosterRow)
        async with self._app.store.read() as tx:
            found = await where(tx, RosterRow, rows.instance == entry.instance, rows.group_id == entry.id)
        why = ONLY_SEEN if found else CANNOT_LIST
        self._findings.blind.append(Gap(entry.instance, why, entry.id, entry.name))
        for row in found:
            if row.status not in OUT:
                account = self._accounts.get(row.account_id) or Account(entry.instance, row.account_id)
                yield account, _ROLES.get(row.status, Role.MEMBER), row.seen_at

    def _by_registry(self, entry: GroupEntry) -> None:
        """Where there is no interface, those the registry names, by employee id."""
        row = entry.row
        if row is None or not row.members:
            self._findings.blind.append(Gap(entry.instance, "members_unknown", entry.id, entry.name))
        if row is None:
            return
        roles = {row.deputy_id: Role.ADMIN, row.owner_id: Role.OWNER}
        for person_id in dict.fromkeys(one for one in (row.owner_id, row.deputy_id, *row.members) if one):
            known = self._people.get(person_id)
            account = Account(entry.instance, f"manual:{person_id}", known.name if known else person_id)
            self._add(entry, account, roles.get(person_id, Role.MEMBER), known, "hr_record", None)

    def _judge(
        self, entry: GroupEntry, account: Account, role: Role, seen_at: datetime | None = None
    ) -> None:
        account = self._accounts.get(account.id, account)
        if account.id in self._own or account.kind is AccountKind.BOT:
            return
        claims = [link for link in self._links.get(account.id, ()) if link.person_id in self._people]
        if account.kind in FROM_OUTSIDE and self._kind is ReportKind.OUTSIDERS:
            self._found(
                Inside(entry, account, role, account.kind.value, self._certain(account, claims), seen_at)
            )
        elif not claims:
            self._add(entry, account, role, None, NOBODY, seen_at)
        else:
            self._linked(entry, account, role, claims, seen_at)

    def _linked(
        self,
        entry: GroupEntry,
        account: Account,
        role: Role,
        claims: Sequence[IdentityLink],
        seen_at: datetime | None,
    ) -> None:
        person = self._people[claims[0].person_id]
        (tie,) = match(person, [account], claims)
        if tie.certainty is Certainty.CERTAIN:
            self._add(entry, account, role, person, tie.why, seen_at)
        else:
            self._findings.doubtful += 1

    def _certain(self, account: Account, claims: Sequence[IdentityLink]) -> Answerer | None:
        for link in claims[:1]:
            person = self._people[link.person_id]
            if match(person, [account], claims)[0].certainty is Certainty.CERTAIN:
                return self._answerer(person)
        return None

    def _add(
        self,
        entry: GroupEntry,
        account: Account,
        role: Role,
        person: Person | None,
        why: str,
        seen_at: datetime | None,
    ) -> None:
        """Keep what the report is about: whoever is nobody's, or whoever has left."""
        who = self._answerer(person) if person else None
        if self._kind is ReportKind.OUTSIDERS and who is None:
            self._found(Inside(entry, account, role, NOBODY, None, seen_at))
        if self._kind is ReportKind.FORMER_STAFF and who is not None and who.standing is Standing.GONE:
            self._found(Inside(entry, account, role, why, who, seen_at))

    def _answerer(self, person: Person) -> Answerer:
        return answerer(person, self._app.now(), self._app.settings.time_zone or "UTC")

    def _found(self, one: Inside) -> None:
        self._findings.inside.append(one)


_ROLES: Mapping[str, Role] = {
    "creator": Role.OWNER,
    "owner": Role.OWNER,
    "administrator": Role.ADMIN,
    "admin": Role.ADMIN,
}
"""By the platform's own word in a roster."""
