"""Every group known from any platform beside its row in the registry, and what nobody looks after in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.by_whom import Way, group_way_out
from bot.notices.recipients import is_present
from bot.store.group_tables import KnownGroupRow
from bot.store.query import chunks, columns, where
from bot.store.tables import PersonRow
from bot.values import group_from_plain
from connectors.hr.records import person_from_json
from policies.model import Group, Person, Refusal, RegisteredGroup
from policies.selectors import Registry, registered, registry_of

REVIEW_EVERY = timedelta(days=365)
"""How old a review may be before a group counts as not reviewed, where nobody says otherwise."""
SOON = timedelta(days=60)
"""How near a last day must be before somebody counts as leaving; a contract's end years ahead is no news."""
_AT_ONCE = 500


class Standing(StrEnum):
    """Where somebody whom the registry names stands with the company."""

    PRESENT = "present"
    LEAVING = "leaving"
    """Still here, and HR has a last day that is near."""
    GONE = "gone"
    UNKNOWN = "unknown"
    """HR has never named this employee id."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """An owner or deputy as the directory knows them."""

    id: str
    name: str
    standing: Standing
    last_day: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """One group: as a platform showed it, as the registry names it, or both."""

    instance: str
    id: str
    name: str
    platform: str
    group: Group | None
    """None: only the registry names it, and no platform ever showed it."""
    row: RegisteredGroup | None
    """None: nobody has registered it."""
    owner: Answerer | None = None
    deputy: Answerer | None = None
    reviewer: Answerer | None = None
    last_seen: datetime | None = None
    gone_at: datetime | None = None
    way: Way | None = None
    """By whom an ordinary member can be taken out; None where the platform is not connected any more."""
    refusal: Refusal | None = None


class ReportKind(StrEnum):
    """What a report looks for."""

    NO_OWNER = "no-owner"
    LEAVER_OWNER = "leaver-owner"
    UNREGISTERED = "unregistered"
    UNREVIEWED = "unreviewed"
    OUTSIDERS = "outsiders"
    FORMER_STAFF = "former-staff"


BY_MEMBERS = frozenset({ReportKind.OUTSIDERS, ReportKind.FORMER_STAFF})
"""Those that look at who is inside; see `group_report_members`."""


async def catalogue(app: Bawab, instance: str | None = None, *, gone: bool = False) -> list[GroupEntry]:
    """Give every group in memory and every row of the registry, by instance and name; asks no platform.

    `gone` also gives those that were deleted, or that the bot was taken out of.
    """
    known = columns(KnownGroupRow)
    conditions = [] if instance is None else [known.instance == instance]
    async with app.store.read() as tx:
        rows = await where(tx, KnownGroupRow, *conditions)
        wanted = [row for row in app.registry if instance in (None, row.instance)]
        people = await _people(tx, [one for row in wanted for one in _named(row) if one])
    join = _Join(app, registry_of(app.registry), people)
    entries = [join.seen(row) for row in rows if gone or row.gone_at is None]
    entries += join.unseen(wanted, rows)
    return sorted(entries, key=lambda one: (one.instance, one.name.casefold(), one.id))


def _named(row: RegisteredGroup) -> tuple[str | None, ...]:
    return row.owner_id, row.deputy_id, row.reviewed_by


async def _people(tx: AsyncConnection, ids: Iterable[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for some in chunks(sorted(set(ids)), _AT_ONCE):
        for row in await where(tx, PersonRow, columns(PersonRow).id.in_(some)):
            found[row.id] = person_from_json(row.record)
    return found


@dataclass(frozen=True, slots=True)
class _Join:
    app: Bawab
    registry: Registry
    people: Mapping[str, Person]

    def seen(self, known: KnownGroupRow) -> GroupEntry:
        group = group_from_plain(known.group)
        if group is None:
            raise ValueError(f"{known.instance}/{known.group_id} is remembered without its group")
        row = registered(group, self.registry)
        way, refusal = self._way(group)
        return GroupEntry(
            instance=group.instance,
            id=group.id,
            name=group.name or (row.name if row else ""),
            platform=group.platform,
            group=group,
            row=row,
            owner=self._answerer(row.owner_id if row else None),
            deputy=self._answerer(row.deputy_id if row else None),
            reviewer=self._answerer(row.reviewed_by or None if row else None),
            last_seen=known.last_seen,
            gone_at=known.gone_at,
            way=way,
            refusal=refusal,
        )

    def unseen(self, rows: Sequence[RegisteredGroup], known: Sequence[KnownGroupRow]) -> Iterable[GroupEntry]:
        """Rows of groups that no platform has ever shown."""
        shown = {(one.instance, key) for one in known for key in (one.group_id, one.group["name"])}
        for row in rows:
            if (row.instance, row.group) not in shown:
                yield GroupEntry(
                    instance=row.instance,
                    id=row.group,
                    name=row.name,
                    platform=row.platform,
                    group=None,
                    row=row,
                    owner=self._answerer(row.owner_id),
                    deputy=self._answerer(row.deputy_id),
                    reviewer=self._answerer(row.reviewed_by or None),
                )

    def _way(self, group: Group) -> tuple[Way | None, Refusal | None]:
        connector = self.app.chat.get(group.instance)
        if connector is None:
            return None, None
        return group_way_out(group, connector.capabilities, may_join=self.app.shelf.may_join)

    def _answerer(self, person_id: str | None) -> Answerer | None:
        if person_id is None:
            return None
        known = self.people.get(person_id)
        if known is None:
            return Answerer(person_id, "", Standing.UNKNOWN)
        zone = self.app.settings.time_zone or "UTC"
        return answerer(known, self.app.now(), zone)


def answerer(person: Person, now: datetime, zone: str) -> Answerer:
    """Say where somebody stands with the company now."""
    standing = Standing.PRESENT
    if not is_present(person, now, zone):
        standing = Standing.GONE
    elif not is_present(person, now + SOON, zone):
        standing = Standing.LEAVING
    return Answerer(person.id, person.name, standing, person.last_day)


def reported(
    entries: Sequence[GroupEntry], kind: ReportKind, *, today: date, every: timedelta = REVIEW_EVERY
) -> list[GroupEntry]:
    """Give the groups a report is about; those of BY_MEMBERS need a reading and raise KeyError here."""
    tests: Mapping[ReportKind, Callable[[GroupEntry], bool]] = {
        ReportKind.NO_OWNER: _has_no_owner,
        ReportKind.LEAVER_OWNER: lambda one: any(leaves(who) for who in (one.owner, one.deputy)),
        ReportKind.UNREGISTERED: lambda one: one.row is None,
        ReportKind.UNREVIEWED: lambda one: one.row is not None and not _reviewed(one.row, today - every),
    }
    test = tests[kind]
    return [one for one in entries if one.gone_at is None and test(one)]


def leaves(who: Answerer | None) -> bool:
    """Whether somebody who answers for a group has left, or leaves soon."""
    return who is not None and who.standing in (Standing.GONE, Standing.LEAVING)


def _has_no_owner(entry: GroupEntry) -> bool:
    """Nobody is named, or a number that HR does not know."""
    return entry.owner is None or entry.owner.standing is Standing.UNKNOWN


def _reviewed(row: RegisteredGroup, since: date) -> bool:
    return row.reviewed is not None and row.reviewed >= since
