"""Runs to be looked at: what each touched, what failed in it, how long it waits, and who signed it off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.reviews import Standing, reviews_of, since, standing, unsigned, why_not
from bot.run_facts import RunFacts, facts_of
from bot.states import StepState
from bot.store.access_tables import ReviewRow, StaffRow
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, FeedRow, PersonRow, RunRow, StepRow
from policies.roles import Permission

PAGE: Final = 50
FAILED: Final = frozenset({StepState.FAILED, StepState.STILL_PRESENT})
EXCEPTIONS: Final = frozenset({StepState.BLOCKED, StepState.WAIVED, StepState.DELEGATED})
"""Not done by the bot, and nobody's word yet that somebody did it."""


class NoSuchRun(LookupError):
    """No run of this id that the reader may see."""


@dataclass(frozen=True, slots=True)
class Review:
    """Where a run stands with those who must look at it."""

    standing: Standing
    over_at: datetime | None
    """Since when it waits; None while something of it is still to be done."""
    signed_by: str = ""
    """Their name."""
    signed_at: datetime | None = None
    note: str = ""
    escalated_at: datetime | None = None
    may_sign: bool = False
    why_not: str | None = None
    """Why the reader may not sign it, as a key of a refused act; None where they lack the right, too."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run, counted. Cases about the reader are in no count."""

    id: str
    kind: str
    """service | once | feed | manual | release"""
    by: str
    """Whoever asked for it, by name; `bawab` where nobody did."""
    started_at: datetime
    ended_at: datetime | None
    file: str
    """The HR file it came from; empty where it came from none."""
    cases: int
    steps: Mapping[StepState, int]
    holds: int
    alarms: int
    """Trouble in a time of watching: files refused, platforms paused, a log that is not whole."""
    cut: bool
    review: Review

    @property
    def failed(self) -> int:
        """Steps after which somebody is still in, as far as is known."""
        return sum(self.steps.get(state, 0) for state in FAILED)

    @property
    def exceptions(self) -> int:
        """Steps that the bot did not do."""
        return sum(self.steps.get(state, 0) for state in EXCEPTIONS)


@dataclass(frozen=True, slots=True)
class RunList:
    """One page of runs."""

    lines: tuple[RunLine, ...]
    next: str | None
    """What the next page begins after; None on the last one."""


async def runs(
    app: Bawab, who: Actor, *, every: bool = False, after: str | None = None, limit: int = PAGE
) -> RunList:
    """Give the runs that wait for a review, the longest first; or every run, the newest first."""
    who.must(Permission.AUDIT_READ)
    rows = columns(RunRow)
    order = (rows.started_at.desc(), rows.id.desc()) if every else (rows.started_at, rows.id)
    wanted = [] if every else [unsigned()]
    async with app.store.read() as tx:
        if after is not None:
            wanted.append(await _after(tx, after, descending=every))
        query = sa.select(table(RunRow)).where(*wanted).order_by(*order).limit(limit + 1)
        found = await all_of(tx, RunRow, query)
        lines = await run_lines(app, tx, who, found[:limit])
    shown = [line for line in lines if every or line.review.standing is not Standing.EARLIER]
    return RunList(tuple(shown), found[limit - 1].id if len(found) > limit else None)


async def _after(tx: AsyncConnection, run_id: str, *, descending: bool) -> sa.ColumnElement[bool]:
    """Go on after a run, in the order of the list; an id nobody knows begins anew."""
    rows = columns(RunRow)
    last = await one(tx, RunRow, rows.id == run_id)
    if last is None:
        return sa.true()
    here = sa.tuple_(rows.started_at, rows.id)
    there = sa.tuple_(sa.literal(last.started_at, rows.started_at.type), sa.literal(last.id))
    return here < there if descending else here > there


async def run_line(app: Bawab, who: Actor, run_id: str) -> RunLine:
    """Give one run; raises NotAllowed, NoSuchRun."""
    who.must(Permission.AUDIT_READ)
    async with app.store.read() as tx:
        found = await where(tx, RunRow, columns(RunRow).id == run_id)
        lines = await run_lines(app, tx, who, found)
    if not lines:
        raise NoSuchRun(f"there is no run {run_id!r}")
    return lines[0]


async def run_lines(app: Bawab, tx: AsyncConnection, who: Actor, found: Sequence[RunRow]) -> list[RunLine]:
    """Give runs as lines, all but those that are about the reader alone."""
    ids = [run.id for run in found]
    facts = await facts_of(tx, found, app.now())
    reviews, known = await reviews_of(tx, ids), await since(tx)
    own, steps = await _own(tx, who, ids), await _steps(tx, who, ids)
    files = await _files(tx, [run.feed_id for run in found if run.feed_id])
    acted = [run.actor for run in found] + [row.signed_by or "" for row in reviews.values()]
    names = await _names(tx, acted) if who.may(Permission.PERSON_READ) else {}
    lines = []
    for fact in facts:
        run, mine = fact.run, own.get(fact.run.id, 0)
        if mine and mine == fact.cases:
            continue
        review = await _review(app, tx, who, fact, reviews.get(run.id), names, known)
        lines.append(
            RunLine(
                id=run.id,
                kind=run.kind,
                by=_name(run.actor, names),
                started_at=run.started_at,
                ended_at=run.ended_at,
                file=files.get(run.feed_id or "", ""),
                cases=fact.cases - mine,
                steps=steps.get(run.id, {}),
                holds=fact.holds,
                alarms=fact.alarms,
                cut=fact.cut,
                review=review,
            )
        )
    return lines


async def _review(
    app: Bawab,
    tx: AsyncConnection,
    who: Actor,
    facts: RunFacts,
    row: ReviewRow | None,
    names: Mapping[str, str],
    known: datetime | None,
) -> Review:
    where_it_stands = standing(facts, row, app.now(), known)
    refused = None
    signable = who.may(Permission.RUN_REVIEW) and where_it_stands is not Standing.SIGNED
    if signable:
        refused = await why_not(app, tx, who, facts.run)
    return Review(
        standing=where_it_stands,
        over_at=facts.over_at,
        signed_by=_name(row.signed_by or "", names) if row else "",
        signed_at=row.signed_at if row else None,
        note=row.note if row else "",
        escalated_at=row.escalated_at if row else None,
        may_sign=signable and refused is None,
        why_not=refused,
    )


def _name(actor: str, names: Mapping[str, str]) -> str:
    one = actor.removeprefix("person:")
    return names.get(one, one)


async def _names(tx: AsyncConnection, actors: Sequence[str]) -> dict[str, str]:
    ids = [actor.removeprefix("person:") for actor in actors if actor.startswith("person:")]
    staff = await where(tx, StaffRow, columns(StaffRow).id.in_(ids))
    people = await where(tx, PersonRow, columns(PersonRow).id.in_(ids))
    return {row.id: row.name for row in staff} | {row.id: row.name for row in people}


async def _files(tx: AsyncConnection, feeds: Sequence[str]) -> dict[str, str]:
    found = await where(tx, FeedRow, columns(FeedRow).id.in_(feeds)) if feeds else []
    return {feed.id: feed.name for feed in found}


async def _own(tx: AsyncConnection, who: Actor, ids: Sequence[str]) -> dict[str, int]:
    """Count the cases of each run that are about the reader: nobody learns of their own leaving here."""
    cases = columns(CaseRow)
    query = sa.select(cases.run_id, sa.func.count()).where(cases.run_id.in_(ids), cases.person_id == who.id)
    return {row[0]: row[1] for row in await tx.execute(query.group_by(cases.run_id))}


async def _steps(tx: AsyncConnection, who: Actor, ids: Sequence[str]) -> dict[str, Mapping[StepState, int]]:
    rows: Any = columns(StepRow)
    query = sa.select(rows.run_id, rows.state, sa.func.count()).where(
        rows.run_id.in_(ids), rows.person_id != who.id
    )
    found: dict[str, Counter[StepState]] = {}
    for run_id, state, count in await tx.execute(query.group_by(rows.run_id, rows.state)):
        found.setdefault(run_id, Counter())[StepState(state)] = count
    return dict(found)
