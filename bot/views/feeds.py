"""HR's sources and how they are doing, every delivery, and a quarantined file with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.states import FeedState
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, FeedRow, RunRow
from policies.roles import Permission

SHOWN = 50
"""Deliveries on one page."""
TAKEN = (FeedState.ACCEPTED, FeedState.UNCHANGED)
"""A file the same as the last one proves as well that HR delivers."""
_NAMES_PEOPLE = frozenset({"missing_canary"})
"""Findings of the gate whose evidence holds employee ids."""


class NoSuchFeed(LookupError):
    """No delivery has this id."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one number of a file stands beside the last accepted one; None where there is none."""

    what: str
    before: int | None
    now: int | None


@dataclass(frozen=True, slots=True)
class FeedFinding:
    """One thing wrong with a file: a stable key, the reader's own words for it, its place and numbers."""

    code: str
    message: str
    """Empty for whoever may not read about people: a complaint may quote a cell."""
    remedy: str
    place: str
    """`line:column` where it has one."""
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, and what became of it."""

    id: str
    source: str
    file: str
    state: FeedState
    received_at: datetime
    modified: datetime
    rows: int | None
    size: int
    hold_digest: str | None
    """Of one that still waits for a release."""
    findings: tuple[FeedFinding, ...]


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source: when it last delivered something good, and whether something waits for a person."""

    source: str
    configured: bool
    last_good: Delivered | None
    age: timedelta | None
    """Since the last good one was received."""
    last: Delivered | None
    changes: Mapping[str, int]
    """What the last accepted file changed: kind of event → people."""
    quarantined: tuple[Delivered, ...]


@dataclass(frozen=True, slots=True)
class FeedList:
    """Every source, and deliveries, the newest first."""

    sources: tuple[SourceHealth, ...]
    deliveries: tuple[Delivered, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One delivery beside the last one accepted before it."""

    delivered: Delivered
    sha256: str
    before: Delivered | None
    changes: tuple[Change, ...]
    columns_gone: tuple[str, ...]
    columns_new: tuple[str, ...]


async def feeds(app: Bawab, who: Actor, *, page: int = 1) -> FeedList:
    """List sources and deliveries; raises NotAllowed."""
    who.must(Permission.FEED_READ)
    rows = columns(FeedRow)
    newest = select(table(FeedRow)).order_by(rows.received_at.desc(), rows.id)
    async with app.store.read() as tx:
        asked = newest.limit(SHOWN + 1).offset(max(page - 1, 0) * SHOWN)
        found = await all_of(tx, FeedRow, asked)
        known = (await tx.execute(select(rows.source).distinct())).scalars()
        names = sorted({*known, *(source.name for source in app.hr)})
        sources = [await _health(app, tx, name, who) for name in names]
    shown = tuple(_delivered(row, who) for row in found[:SHOWN])
    return FeedList(tuple(sources), shown, len(found) > SHOWN)


async def feed_page(app: Bawab, who: Actor, feed_id: str) -> FeedPage:
    """Give one delivery with its evidence; raises NoSuchFeed, NotAllowed."""
    who.must(Permission.FEED_READ)
    async with app.store.read() as tx:
        row = await one(tx, FeedRow, columns(FeedRow).id == feed_id)
        if row is None:
            raise NoSuchFeed(feed_id)
        before = await _last(tx, row.source, (FeedState.ACCEPTED,), until=row.received_at)
    old, new = (before.facts if before else None) or {}, row.facts or {}
    gone = [name for name in old.get("header", ()) if name not in new.get("header", ())] if new else []
    added = [name for name in new.get("header", ()) if name not in old.get("header", ())] if old else []
    return FeedPage(
        delivered=_delivered(row, who),
        sha256=row.sha256,
        before=_delivered(before, who) if before else None,
        changes=tuple(Change(name, old.get(name), new.get(name)) for name in ("rows", "terminated", "size")),
        columns_gone=tuple(gone),
        columns_new=tuple(added),
    )


async def _health(app: Bawab, tx: AsyncConnection, source: str, who: Actor) -> SourceHealth:
    rows = columns(FeedRow)
    good = await _last(tx, source, TAKEN)
    accepted = await _last(tx, source, (FeedState.ACCEPTED,))
    newest = await _last(tx, source, tuple(FeedState))
    waiting = await where(tx, FeedRow, rows.source == source, rows.state == FeedState.QUARANTINED)
    return SourceHealth(
        source=source,
        configured=any(each.name == source for each in app.hr),
        last_good=_delivered(good, who) if good else None,
        age=app.now() - good.received_at if good else None,
        last=_delivered(newest, who) if newest else None,
        changes=await _changes(tx, accepted, who),
        quarantined=tuple(_delivered(row, who) for row in waiting),
    )


async def _last(
    tx: AsyncConnection, source: str, states: Sequence[FeedState], *, until: datetime | None = None
) -> FeedRow | None:
    """Give the newest delivery in one of these states; `until`: received before that one."""
    rows = columns(FeedRow)
    wanted = select(table(FeedRow)).where(rows.source == source, rows.state.in_(states))
    if until is not None:
        wanted = wanted.where(rows.received_at < until)
    found = await all_of(tx, FeedRow, wanted.order_by(rows.received_at.desc(), rows.modified.desc()).limit(1))
    return found[0] if found else None


async def _changes(tx: AsyncConnection, accepted: FeedRow | None, who: Actor) -> Mapping[str, int]:
    """What is about the reader is in no count: one leaver and no case to see would be themselves."""
    if accepted is None:
        return {}
    run = await one(tx, RunRow, columns(RunRow).feed_id == accepted.id)
    summary: Mapping[str, Any] = (run.summary or {}) if run else {}
    counted = Counter[str](summary.get("events") or {})
    if run is not None:
        cases = columns(CaseRow)
        own = await where(tx, CaseRow, cases.run_id == run.id, cases.person_id == who.id)
        counted.subtract(case.kind for case in own)
    return {kind: count for kind, count in counted.items() if count > 0}


def _delivered(row: FeedRow, who: Actor) -> Delivered:
    waits = row.state == FeedState.QUARANTINED
    return Delivered(
        id=row.id,
        source=row.source,
        file=row.name,
        state=FeedState(row.state),
        received_at=row.received_at,
        modified=row.modified,
        rows=(row.facts or {}).get("rows"),
        size=row.size,
        hold_digest=row.hold_digest if waits else None,
        findings=tuple(finding_of(each, who) for each in row.findings or ()),
    )


def finding_of(one: Mapping[str, Any], who: Actor) -> FeedFinding:
    """Cut a finding of the gate, or a complaint of the reader of files, to what `who` may read."""
    people = who.may(Permission.PERSON_READ)
    place = ":".join(str(one[name]) for name in ("line", "column") if one.get(name) is not None)
    evidence = tuple((str(name), str(value)) for name, value in one.get("evidence") or ())
    hidden = not people and (one["code"] in _NAMES_PEOPLE or "evidence" not in one)
    return FeedFinding(
        code=str(one["code"]),
        message="" if hidden else str(one["message"]),
        remedy="" if hidden else str(one.get("remedy") or ""),
        place=place,
        evidence=() if hidden else evidence,
    )
