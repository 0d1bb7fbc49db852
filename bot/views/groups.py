"""Every group with what nobody looks after in it, gaps first; one group; and how much of it is covered."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor, NotAllowed
from bot.app import Bawab
from bot.groups.by_whom import Way
from bot.groups.inside_memory import Inside, remembered_inside
from bot.groups.report import REVIEW_EVERY, Answerer, GroupEntry, Standing, catalogue, leaves
from bot.store.group_tables import RosterRow
from bot.store.query import columns, where
from bot.store.tables import LinkRow, PersonRow
from policies.model import GroupKind, Refusal, RegisteredGroup, Sensitivity
from policies.roles import Permission


class GroupGap(StrEnum):
    """What is missing in a group, the worst first."""

    NO_OWNER = "no_owner"
    """Nobody is named, or a number that HR does not know."""
    OWNER_LEAVES = "owner_leaves"
    FORMER_STAFF = "former_staff"
    UNREGISTERED = "unregistered"
    OUTSIDERS = "outsiders"
    NO_DEPUTY = "no_deputy"
    """No deputy who is there and stays, or the owner once more."""
    REVIEW_OVERDUE = "review_overdue"


ORDER = {gap: place for place, gap in enumerate(GroupGap)}


class NoSuchGroup(LookupError):
    """No group has this key, or it is none of the reader's."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group as a reader may see it; ids are empty for whoever is spared them."""

    key: str
    """Names the group in an address: the same for every reader, and nobody's platform id."""
    instance: str
    platform: str
    id: str
    name: str
    kind: GroupKind | None
    members: int | None
    registered: bool
    owner: Answerer | None
    deputy: Answerer | None
    sensitivity: Sensitivity | None
    reviewed: date | None
    gaps: tuple[GroupGap, ...]
    inside: Inside | None = None
    """Who was found inside that should not be, at the last look; None: never looked."""


@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """How much of what is known somebody answers for; counted over every group that is there."""

    groups: int
    registered: int
    two_owners: int
    """Groups whose owner and deputy are two people who are there and stay."""
    reviewed: int
    gaps: Mapping[GroupGap, int]

    def share(self, count: int) -> int:
        """Give a count in percent of all groups, rounded down: 100 means all."""
        return count * 100 // self.groups if self.groups else 100


@dataclass(frozen=True, slots=True)
class GroupList:
    """The groups a reader may see, those with the worst gaps first."""

    lines: tuple[GroupLine, ...]
    coverage: GroupCoverage
    instances: tuple[str, ...]
    own_only: bool
    looked_at: datetime | None
    """When somebody last had the platforms asked who is inside."""


@dataclass(frozen=True, slots=True)
class SeenMember:
    """Somebody who was seen in a group, or whom the registry names there."""

    name: str
    account_id: str
    certain: bool
    """Whether the account is certainly this person's."""
    status: str
    """The platform's own word, or `registry`."""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Everything a reader may know of one group."""

    line: GroupLine
    row: RegisteredGroup | None
    reviewer: str
    last_seen: datetime | None
    gone_at: datetime | None
    archived: bool
    self_join: bool
    way: Way | None
    refusal: Refusal | None
    seen: tuple[SeenMember, ...]
    may_write: bool
    may_review: bool


def key_of(instance: str, group: str) -> str:
    """Give the key a group goes by in addresses."""
    return hashlib.sha256(f"{instance}\x00{group}".encode()).hexdigest()[:20]


async def groups(app: Bawab, who: Actor, *, instance: str | None = None) -> GroupList:
    """List the groups `who` may see: all of them, or for a chat admin their own; raises NotAllowed."""
    own_only = _own_only(who)
    entries = [one for one in await catalogue(app, instance) if not own_only or answers_for(one, who.id)]
    async with app.store.read() as tx:
        looked_at, inside = await remembered_inside(tx)
    today = today_of(app)
    lines = [line_of(one, who, inside.get((one.instance, one.id)), today) for one in entries]
    lines.sort(key=_worst_first)
    names = sorted({one.instance for one in entries})
    return GroupList(tuple(lines), _coverage(lines, today), tuple(names), own_only, looked_at)


async def group_page(app: Bawab, who: Actor, key: str) -> GroupPage:
    """Give one group; raises NoSuchGroup also where it is none of a chat admin's, NotAllowed."""
    entry = await group_entry(app, who, key)
    async with app.store.read() as tx:
        _, inside = await remembered_inside(tx)
        seen = await _seen(tx, entry, who) if who.may(Permission.GROUP_READ) else ()
    line = line_of(entry, who, inside.get((entry.instance, entry.id)), today_of(app))
    group, mine = entry.group, answers_for(entry, who.id)
    return GroupPage(
        line=line,
        row=_cut_row(entry.row, who),
        reviewer=(entry.reviewer.name or entry.reviewer.id) if entry.reviewer else "",
        last_seen=entry.last_seen,
        gone_at=entry.gone_at,
        archived=bool(group and group.archived),
        self_join=bool(group and group.self_join),
        way=entry.way,
        refusal=entry.refusal,
        seen=seen,
        may_write=who.may(Permission.GROUP_WRITE),
        may_review=entry.row is not None
        and (who.may(Permission.GROUP_WRITE) or (mine and who.may(Permission.OWN_GROUPS))),
    )


async def group_entry(app: Bawab, who: Actor, key: str) -> GroupEntry:
    """Find a group by its key among those `who` may see; raises NoSuchGroup, NotAllowed."""
    own_only = _own_only(who)
    for entry in await catalogue(app, gone=True):
        if key_of(entry.instance, entry.id) == key and (not own_only or answers_for(entry, who.id)):
            return entry
    raise NoSuchGroup(key)


def answers_for(entry: GroupEntry, person_id: str) -> bool:
    """Whether somebody is the owner or the deputy whom the registry names."""
    return entry.row is not None and person_id in (entry.row.owner_id, entry.row.deputy_id)


def today_of(app: Bawab) -> date:
    """Give today in the company's zone."""
    return app.now().astimezone(ZoneInfo(app.settings.time_zone or "UTC")).date()


def _own_only(who: Actor) -> bool:
    if who.may(Permission.GROUP_READ):
        return False
    if not who.may(Permission.OWN_GROUPS):
        raise NotAllowed(Permission.GROUP_READ)
    return True


def line_of(
    entry: GroupEntry, who: Actor, inside: Inside | None, today: date, every: timedelta = REVIEW_EVERY
) -> GroupLine:
    """Cut one group to what `who` may see.

    Whoever may not read about people is told of nobody that they leave before they have left; and nobody,
    whatever they may read, is told so of themselves.
    """
    shown = _discreet(entry, who)
    row, group = shown.row, shown.group
    return GroupLine(
        key=key_of(entry.instance, entry.id),
        instance=entry.instance,
        platform=entry.platform,
        id=entry.id if who.may(Permission.CONNECTOR_READ) else "",
        name=entry.name or (entry.id if who.may(Permission.CONNECTOR_READ) else ""),
        kind=group.kind if group else None,
        members=group.member_count if group else None,
        registered=row is not None,
        owner=shown.owner,
        deputy=shown.deputy,
        sensitivity=row.sensitivity if row else None,
        reviewed=row.reviewed if row else None,
        gaps=tuple(_gaps(shown, inside, today - every)),
        inside=inside,
    )


def _discreet(entry: GroupEntry, who: Actor) -> GroupEntry:
    return replace(entry, owner=_as_present(entry.owner, who), deputy=_as_present(entry.deputy, who))


def _as_present(one: Answerer | None, who: Actor) -> Answerer | None:
    """Nothing is said of somebody's last day before it is over, and the day itself not then."""
    if one is None or (who.may(Permission.PERSON_READ) and one.id != who.id):
        return one
    standing = Standing.PRESENT if one.standing is Standing.LEAVING else one.standing
    return replace(one, standing=standing, last_day=None)


def _gaps(entry: GroupEntry, inside: Inside | None, since: date) -> Iterator[GroupGap]:
    if entry.row is None:
        yield GroupGap.UNREGISTERED
    elif entry.owner is None or entry.owner.standing is Standing.UNKNOWN:
        yield GroupGap.NO_OWNER
    elif leaves(entry.owner):
        yield GroupGap.OWNER_LEAVES
    if entry.row is not None and not _stays(entry.deputy, entry.owner):
        yield GroupGap.NO_DEPUTY
    if inside is not None and inside.former:
        yield GroupGap.FORMER_STAFF
    if inside is not None and inside.outsiders:
        yield GroupGap.OUTSIDERS
    if entry.row is not None and (entry.row.reviewed is None or entry.row.reviewed < since):
        yield GroupGap.REVIEW_OVERDUE


def _stays(one: Answerer | None, other: Answerer | None) -> bool:
    """Whether somebody is there, stays, and is another than `other`."""
    return one is not None and one.standing is Standing.PRESENT and (other is None or one.id != other.id)


def _worst_first(line: GroupLine) -> tuple[int, int, str, str, str]:
    worst = min((ORDER[gap] for gap in line.gaps), default=len(ORDER))
    return worst, -len(line.gaps), line.instance, line.name.casefold(), line.key


def _coverage(lines: Sequence[GroupLine], today: date) -> GroupCoverage:
    gaps = Counter(gap for line in lines for gap in line.gaps)
    return GroupCoverage(
        groups=len(lines),
        registered=sum(line.registered for line in lines),
        two_owners=sum(_stays(line.owner, None) and _stays(line.deputy, line.owner) for line in lines),
        reviewed=sum(line.reviewed is not None and line.reviewed >= today - REVIEW_EVERY for line in lines),
        gaps={gap: gaps[gap] for gap in GroupGap if gaps[gap]},
    )


def _cut_row(row: RegisteredGroup | None, who: Actor) -> RegisteredGroup | None:
    if row is None or who.may(Permission.CONNECTOR_READ):
        return row
    return replace(row, group="", members=())


async def _seen(tx: AsyncConnection, entry: GroupEntry, who: Actor) -> tuple[SeenMember, ...]:
    """Whom the platform's events showed, and whom the registry names; nobody's membership is proved by it."""
    rosters, links = columns(RosterRow), columns(LinkRow)
    rows = await where(tx, RosterRow, rosters.instance == entry.instance, rosters.group_id == entry.id)
    ids = [row.account_id for row in rows]
    tied = await where(tx, LinkRow, links.instance == entry.instance, links.account_id.in_(ids))
    named = set(entry.row.members) if entry.row else set()
    wanted = named | {link.person_id for link in tied}
    found = await where(tx, PersonRow, columns(PersonRow).id.in_(wanted))
    names = {row.id: row.name for row in found}
    ids_shown = who.may(Permission.CONNECTOR_READ)
    seen = [_member(row, tied, names, ids_shown=ids_shown) for row in rows]
    seen += [SeenMember(names.get(one, one), "", certain=True, status="registry") for one in sorted(named)]
    return tuple(sorted(seen, key=_by_name))


def _by_name(one: SeenMember) -> tuple[bool, str]:
    return not one.name, one.name.casefold()


def _member(
    row: RosterRow, tied: Sequence[LinkRow], names: Mapping[str, str], *, ids_shown: bool
) -> SeenMember:
    mine = [link for link in tied if link.account_id == row.account_id]
    sure = len(mine) == 1 and mine[0].released_at is not None
    name = names.get(mine[0].person_id, "") if sure else ""
    return SeenMember(name, row.account_id if ids_shown else "", sure, row.status, row.seen_at)
