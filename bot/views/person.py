"""One person to read: who and where they are, by whom they can be taken out, and what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.drift.record import UNSETTLED
from bot.groups.by_whom import Exit
from bot.groups.whereabouts import Place, Spot, whereabouts
from bot.store.group_tables import DriftRow
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, LinkRow, PersonRow
from bot.views.case_lines import CaseLine, case_line
from bot.views.offboarding import NobodyThere
from bot.views.platforms import title_of
from bot.views.waiting import QuestionLine, names, question_lines
from connectors.hr.records import person_from_json
from policies.model import Certainty, PersonStatus
from policies.roles import Permission

STALE = timedelta(days=365)
"""How long ago a link was last confirmed before it is worth a second look."""


@dataclass(frozen=True, slots=True)
class LinkLine:
    """An account tied to the person, by which evidence, and when that was last confirmed."""

    instance: str
    title: str
    account_id: str
    """Empty for whoever may not read platform ids."""
    evidence: str
    since: datetime
    confirmed_at: datetime | None
    released: bool
    """False: nobody has looked at the match yet, so nothing is done by it."""
    stale: bool


@dataclass(frozen=True, slots=True)
class DriftLine:
    """A membership that should not be."""

    id: str
    instance: str
    title: str
    group: str
    why: str
    state: str
    found_at: datetime
    accepted_until: datetime | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """What the store knows of a person; asks no platform."""

    id: str
    name: str
    email: str
    status: PersonStatus
    department: str
    team: str
    location: str
    manager: str
    zone: str
    last_day: date | datetime | None
    """None also for the reader's own page: nobody learns of their own leaving from here."""
    missing_reads: int
    """How many complete HR files in a row did not name them; nothing follows from that by itself."""
    links: tuple[LinkLine, ...]
    questions: tuple[QuestionLine, ...]
    cases: tuple[CaseLine, ...]
    """The newest first."""
    drifts: tuple[DriftLine, ...]
    may_offboard: bool


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One group the person is in, their role, and by whom they can be taken out."""

    group: str
    kind: str
    role: str
    sole_owner: bool
    through: str
    exit: Exit
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of the person as the platform shows it now."""

    name: str
    account_id: str
    certainty: Certainty
    why: str
    active: bool


@dataclass(frozen=True, slots=True)
class SpotLine:
    """The person on one platform, as read now."""

    instance: str
    title: str
    accounts: tuple[AccountLine, ...]
    places: tuple[PlaceLine, ...]
    unseen: tuple[tuple[str, str], ...]
    """(a gap's reason, the group's name where it is about one)."""
    residual: str
    problem: str | None
    """Why nothing is known: the platform's words, empty for who may not read them; None: it was read."""
    read_at: datetime

    @property
    def inside(self) -> int:
        """How many groups the person is in."""
        return sum(place.confirmed_at is None for place in self.places)


async def person(app: Bawab, who: Actor, person_id: str) -> PersonView:
    """Give what is known of somebody by their employee id; raises NotAllowed, NobodyThere."""
    who.must(Permission.PERSON_READ)
    async with app.store.read() as tx:
        row = await one(tx, PersonRow, columns(PersonRow).id == person_id)
        if row is None:
            raise NobodyThere(f"HR has named nobody with the employee id {person_id!r}")
        return await _view(app, tx, who, row)


async def _view(app: Bawab, tx: AsyncConnection, who: Actor, row: PersonRow) -> PersonView:
    known, own = person_from_json(row.record), row.id == who.id
    manager = known.post.manager_id or ""
    may_start = who.may(Permission.CASE_OPEN) or who.may(Permission.CASE_REVOKE_NOW)
    return PersonView(
        id=row.id,
        name=row.name or row.id,
        email=row.email or "",
        status=PersonStatus.ACTIVE if own else known.status,
        department=known.post.department or "",
        team=known.post.team or "",
        location=known.post.location or "",
        manager=(await names(tx, [manager])).get(manager, manager),
        zone=known.time_zone or app.settings.time_zone or "",
        last_day=None if own else known.last_day,
        missing_reads=0 if own else row.missing_reads,
        links=await _links(app, tx, who, row.id),
        questions=await question_lines(app, tx, who, person_id=row.id),
        cases=() if own else await _cases(app, tx, who, row.id),
        drifts=() if own else await _drifts(app, tx, row.id),
        may_offboard=may_start and not own,
    )


async def _links(app: Bawab, tx: AsyncConnection, who: Actor, person_id: str) -> tuple[LinkLine, ...]:
    rows, technical = columns(LinkRow), who.may(Permission.CONNECTOR_READ)
    ordered = select(table(LinkRow)).where(rows.person_id == person_id)
    found = await all_of(tx, LinkRow, ordered.order_by(rows.instance, rows.account_id))
    return tuple(
        LinkLine(
            instance=row.instance,
            title=title_of(app, row.instance),
            account_id=row.account_id if technical else "",
            evidence=row.evidence,
            since=row.created_at,
            confirmed_at=row.confirmed_at,
            released=row.released_at is not None,
            stale=(row.confirmed_at or row.created_at) < app.now() - STALE,
        )
        for row in found
    )


async def _cases(app: Bawab, tx: AsyncConnection, who: Actor, person_id: str) -> tuple[CaseLine, ...]:
    if not who.may(Permission.CASE_READ):
        return ()
    rows = columns(CaseRow)
    ordered = select(table(CaseRow)).where(rows.person_id == person_id)
    found = await all_of(tx, CaseRow, ordered.order_by(rows.created_at.desc(), rows.id))
    return tuple(case_line(app, who, row) for row in found)


async def _drifts(app: Bawab, tx: AsyncConnection, person_id: str) -> tuple[DriftLine, ...]:
    rows = columns(DriftRow)
    found = await where(tx, DriftRow, rows.person_id == person_id, rows.state.in_(UNSETTLED))
    lines = [
        DriftLine(
            id=row.id,
            instance=row.instance,
            title=title_of(app, row.instance),
            group=row.group_name,
            why=row.why,
            state=row.state,
            found_at=row.found_at,
            accepted_until=row.accepted_until,
        )
        for row in found
    ]
    return tuple(sorted(lines, key=lambda line: (line.found_at, line.id)))


async def places(app: Bawab, who: Actor, person_id: str) -> tuple[SpotLine, ...]:
    """Read every platform for one person; one that cannot be read is said. Raises NotAllowed, NobodyThere."""
    who.must(Permission.PERSON_READ)
    async with app.store.read() as tx:
        if await one(tx, PersonRow, columns(PersonRow).id == person_id) is None:
            raise NobodyThere(f"HR has named nobody with the employee id {person_id!r}")
    found = await whereabouts(app, person_id)
    technical = who.may(Permission.CONNECTOR_READ)
    return tuple(_spot(app, spot, technical=technical) for spot in found.spots)


def _spot(app: Bawab, spot: Spot, *, technical: bool) -> SpotLine:
    called = {place.membership.group.id: place.membership.group.name for place in spot.places}
    problem = None if spot.error is None else (str(spot.error) if technical else "")
    return SpotLine(
        instance=spot.instance,
        title=title_of(app, spot.instance),
        accounts=tuple(
            AccountLine(
                name=tie.account.name if tie.account else "",
                account_id=tie.account_id if technical else "",
                certainty=tie.certainty,
                why=tie.why,
                active=tie.account is not None and tie.account.active,
            )
            for tie in spot.ties
        ),
        places=tuple(_place(place, technical=technical) for place in spot.places),
        unseen=tuple((gap.reason, called.get(gap.group_id or "", "")) for gap in spot.gaps),
        residual=spot.residual if spot.ties else "",
        problem=problem,
        read_at=spot.read_at,
    )


def _place(place: Place, *, technical: bool) -> PlaceLine:
    found = place.membership
    return PlaceLine(
        group=found.group.name or (found.group.id if technical else ""),
        kind=found.group.kind,
        role=found.role,
        sole_owner=found.sole_owner,
        through=found.through or "",
        exit=place.exit,
        confirmed_at=place.confirmed_at,
    )
