"""Cases to read: the list, a page at a time, and one case whole, cut to what its reader may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from bot.access.actor import Actor
from bot.app import Bawab
from bot.audit.tail import names_of
from bot.case_file import CaseFile, NoSuchCase, case_file
from bot.effort import MADE, PLANNED
from bot.states import CASE_OPEN
from bot.store.query import all_of, columns, one, table
from bot.store.tables import CaseRow, HoldRow, PersonRow
from bot.store.types import UtcInstant, instant_text
from bot.views.case_acts import Act, NextAct, acts_of, next_act
from bot.views.case_lines import CaseLine, case_line, is_own, overdue_at
from bot.views.case_steps import GapLine, StepLine, gap_lines, step_lines, timeline_rows
from bot.views.hold_lines import HoldLine, hold_line
from bot.views.platforms import title_of
from bot.views.waiting import EmergencyLine, TaskLine, emergency_lines, names, task_lines
from policies.model import Refusal
from policies.roles import Permission

Which = Literal["open", "overdue", "ended", "all"]
PAGE = 50


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of the list."""

    lines: tuple[CaseLine, ...]
    next: str | None
    """What the next page begins after; None on the last one."""


@dataclass(frozen=True, slots=True)
class EffortLine:
    """How many calls the case was reckoned to cost on one platform, and how many were made."""

    instance: str
    title: str
    planned: int
    made: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything one reader may see of one case."""

    line: CaseLine
    rule: str
    policy: str
    """Digest of the policy version it runs under."""
    requested_by: str
    """A name, or `bawab`."""
    released_by: str
    next: NextAct
    acts: frozenset[Act]
    """What the reader may do now."""
    steps: tuple[StepLine, ...]
    gaps: tuple[GapLine, ...]
    unplanned: tuple[tuple[str, str, str], ...]
    """(instance, title, the platform's words where the reader may read them)."""
    stays: tuple[StepLine, ...]
    """Groups a cancelled case had handed over: no platform's undo."""
    residual: Mapping[str, tuple[str, str]]
    """Instance → (title, what the person keeps there after a complete removal)."""
    timeline: tuple[Mapping[str, Any], ...]
    """Entries of the log, oldest first, for the sentence makers; personal fields stay sealed."""
    names: Mapping[str, str]
    """Pseudonym or employee id → name, of everybody the timeline speaks of."""
    hold: HoldLine | None
    emergency: EmergencyLine | None
    tasks: tuple[TaskLine, ...]
    at: datetime
    effort: tuple[EffortLine, ...] = ()
    """Calls for it, platform by platform; none for whoever does not look after connectors."""

    @property
    def done(self) -> int:
        """How many steps ended in a success."""
        return sum(step.success for step in self.steps)

    @property
    def since_approval(self) -> int:
        """How many memberships came after the approval and are covered by it all the same."""
        return sum(step.since_approval and step.refusal != Refusal.BEYOND_APPROVED for step in self.steps)

    @property
    def beyond_approval(self) -> int:
        """How many were held back because the approval does not cover them."""
        return sum(step.refusal == Refusal.BEYOND_APPROVED for step in self.steps)


async def cases(
    app: Bawab,
    who: Actor,
    *,
    which: Which = "open",
    text: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> CasePage:
    """Give a page of cases, never the reader's own; `text` finds people by id, e-mail or name, and case ids.

    Open and overdue ones come the next due first, the others the newest first. Raises NotAllowed, and
    ValueError for an `after` that no page gave.
    """
    who.must(Permission.CASE_READ)
    rows = columns(CaseRow)
    wanted = [rows.person_id != who.id, *_which(app, which), *_about(text)]
    forward = which in ("open", "overdue")
    if after is not None:
        wanted.append(_after(after, forward=forward))
    order = [_due(), rows.id] if forward else [rows.created_at.desc(), rows.id.desc()]
    statement = select(table(CaseRow)).where(*wanted).order_by(*order).limit(limit + 1)
    async with app.store.read() as tx:
        found = await all_of(tx, CaseRow, statement)
    more = _mark(found[limit - 1], forward=forward) if len(found) > limit else None
    return CasePage(tuple(case_line(app, who, row) for row in found[:limit]), more)


def _which(app: Bawab, which: Which) -> list[ColumnElement[bool]]:
    rows = columns(CaseRow)
    if which == "all":
        return []
    if which == "ended":
        return [rows.state.not_in(CASE_OPEN)]
    return [overdue_at(app.now()) if which == "overdue" else rows.state.in_(CASE_OPEN)]


def _about(text: str) -> list[ColumnElement[bool]]:
    sought = text.strip()
    if not sought:
        return []
    rows, people = columns(CaseRow), columns(PersonRow)
    named = or_(
        people.id == sought,
        func.lower(people.email) == sought.lower(),
        people.name.icontains(sought, autoescape=True),
    )
    return [
        or_(
            rows.person_id.in_(select(people.id).where(named)),
            rows.person_id == sought,
            rows.id.startswith(sought, autoescape=True),
        )
    ]


_FAR = datetime(9999, 12, 31, tzinfo=UTC)
"""Where a case without an instant stands among those with one: last."""
_BETWEEN = "~"


def _due() -> ColumnElement[Any]:
    # Without its type the constant is spelled as another kind of instant, which PostgreSQL refuses to mix in.
    return func.coalesce(columns(CaseRow).due, literal(_FAR, UtcInstant()))


def _mark(row: CaseRow, *, forward: bool) -> str:
    """Name the place of a case in its list, for the next page to begin after."""
    return f"{instant_text((row.due or _FAR) if forward else row.created_at)}{_BETWEEN}{row.id}"


def _after(mark: str, *, forward: bool) -> ColumnElement[bool]:
    rows, (spelled, _, last) = columns(CaseRow), mark.partition(_BETWEEN)
    at = datetime.fromisoformat(spelled)
    # At the very ends of the calendar an instant has no UTC any more.
    if at.tzinfo is None or not last or not 1 < at.year < _FAR.year + (at == _FAR):
        raise ValueError(f"{mark!r} is no place in a list of cases")
    if forward:
        return or_(_due() > at, and_(_due() == at, rows.id > last))
    return or_(rows.created_at < at, and_(rows.created_at == at, rows.id < last))


async def case(app: Bawab, who: Actor, case_id: str) -> CaseView:
    """Give one case whole; asks no platform. Raises NotAllowed, and NoSuchCase also for the reader's own."""
    who.must(Permission.CASE_READ)
    file = await case_file(app, case_id)
    if is_own(who, file.case):
        # Said as of a case that does not exist: its subject must not learn that it does.
        raise NoSuchCase(f"no single case begins with {case_id!r}; `bawab case list` shows them")
    async with app.store.read() as tx:
        return await _view(app, tx, who, file)


async def _view(app: Bawab, tx: AsyncConnection, who: Actor, file: CaseFile) -> CaseView:
    row = file.case
    held = await one(tx, HoldRow, columns(HoldRow).digest == row.hold_digest) if row.hold_digest else None
    hold = await hold_line(tx, who, held) if held and who.may(Permission.HOLD_READ) else None
    emergency = next(iter(await emergency_lines(tx, who, case_id=row.id)), None)
    known = await _names(tx, file)
    line = case_line(app, who, row)
    return CaseView(
        line=line,
        rule=row.rule,
        policy=row.policy_digest,
        requested_by=_by(row.requested_by, known),
        released_by=_by(row.released_by or "", known),
        next=next_act(app, file, hold),
        acts=acts_of(who, file, hold, emergency),
        steps=step_lines(app, who, file.steps, known),
        gaps=await gap_lines(app, tx, who, file),
        unplanned=tuple(
            (one.instance, title_of(app, one.instance), (one.problem or "") if _technical(who) else "")
            for one in file.unplanned
        ),
        stays=step_lines(app, who, file.stays, known),
        residual={name: (title_of(app, name), said) for name, said in file.residual.items()},
        timeline=timeline_rows(who, file.timeline),
        names=known,
        hold=hold,
        emergency=emergency,
        tasks=await task_lines(app, tx, who, case_id=row.id),
        at=app.now(),
        effort=_effort(app, row) if _technical(who) else (),
    )


def _effort(app: Bawab, row: CaseRow) -> tuple[EffortLine, ...]:
    return tuple(
        EffortLine(name, title_of(app, name), calls[PLANNED], calls[MADE])
        for name, calls in sorted((row.effort or {}).items())
    )


def _technical(who: Actor) -> bool:
    return who.may(Permission.CONNECTOR_READ)


async def _names(tx: AsyncConnection, file: CaseFile) -> dict[str, str]:
    """Give the names of everybody who acted, was acted on, or took a group over."""
    heirs = {step.successor_id for step in file.steps if step.successor_id}
    actors = {row["actor"] for row in file.timeline} | {file.case.requested_by, file.case.released_by or ""}
    people = {actor.removeprefix("person:") for actor in actors if actor.startswith("person:")}
    subjects = {row["subject"] for row in file.timeline if row["subject"]}
    return {**await names_of(tx, subjects), **await names(tx, people | heirs)}


def _by(actor: str, known: Mapping[str, str]) -> str:
    person = actor.removeprefix("person:")
    return known.get(person, person)
