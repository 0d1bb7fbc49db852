"""From an accepted feed to cases: compare each record with the last one, decide, and open what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import (
    LEAVING,
    Opening,
    cancel_for_person,
    close_chapter,
    ensure_policy,
    open_case,
)
from bot.holds import first_run_is_open, gate
from bot.made_ready import MadeReady, ReadyPage
from bot.store.people import remember_stated
from bot.store.query import add, change, chunks, columns, new_id, table, where
from bot.store.tables import CaseRow, FeedRow, MetaRow, PersonRow, RunRow, StatedRow
from connectors.errors import BadFeed, Complaint
from connectors.hr.contract import FeedMode, StagedFeed
from connectors.hr.records import person_from_json, person_to_json
from policies.lifecycle import change as lifecycle_change
from policies.model import EventKind, LifecycleEvent, Person, PersonStatus

PAGE = 500
ACTED_UPON = frozenset(
    {EventKind.LEAVER, EventKind.CONTRACTOR_END, EventKind.MOVER, EventKind.LEAVE_OF_ABSENCE}
)


@dataclass(slots=True)
class ChangeReport:
    """What one feed changed, in counts; `problems` are sentences a person must read."""

    run_id: str
    baseline: bool
    events: Counter[str] = field(default_factory=Counter)
    cases: list[CaseRow] = field(default_factory=list)
    problems: tuple[str, ...] = ()

    def counts(self) -> dict[str, object]:
        """Give the counts as the log keeps them."""
        return {
            "run": self.run_id,
            "baseline": self.baseline,
            "events": dict(sorted(self.events.items())),
            "cases": len(self.cases),
        }


async def apply_feed(
    app: Bawab, tx: AsyncConnection, feed: FeedRow, staged: StagedFeed, ready: MadeReady | None = None
) -> ChangeReport:
    """Store every changed record and open the cases that follow, in the caller's transaction.

    `ready`: the feed's people as rows, for a source of which nobody is stored; left aside where somebody is.
    """
    run = RunRow(id=new_id("run"), kind="feed", actor="bawab", started_at=app.now(), feed_id=feed.id)
    await add(tx, run)
    await ensure_policy(app, tx)
    report = ChangeReport(run.id, baseline=not await anybody(tx, feed.source))
    if ready is not None and report.baseline:
        events = await _store_ready(tx, feed, ready, report, app.now())
    else:
        events = await _store_changes(app, tx, feed, staged, report)
    for event in events:
        await _follow(app, tx, event, report)
    await gate(app, tx, report.cases, run, first_run=await first_run_is_open(tx))
    values = {"ended_at": app.now(), "summary": report.counts()}
    await change(tx, RunRow, values, columns(RunRow).id == run.id)
    await _remember_feed(tx, feed.id)
    return report


async def anybody(tx: AsyncConnection, source: str | None = None) -> bool:
    """Whether anybody is stored, of one source where it is given."""
    people = columns(PersonRow)
    query = select(people.id) if source is None else select(people.id).where(people.source == source)
    return (await tx.execute(query.limit(1))).first() is not None


async def _remember_feed(tx: AsyncConnection, feed_id: str) -> None:
    """Lanes match accounts to people again when this id is newer than the one they matched."""
    meta = columns(MetaRow)
    if not await change(tx, MetaRow, {"value": feed_id}, meta.key == "last_feed"):
        await add(tx, MetaRow(key="last_feed", value=feed_id))


async def _store_ready(
    tx: AsyncConnection, feed: FeedRow, ready: MadeReady, report: ChangeReport, now: datetime
) -> list[LifecycleEvent]:
    """Store everybody of a source of whom nobody is stored: nothing to compare with, nobody missing."""
    others = await anybody(tx)
    events: list[LifecycleEvent] = []
    for page in ready.pages():
        if others:
            await _refuse_taken(tx, feed, page)
        await tx.execute(insert(table(PersonRow)), page.rows(feed.source, now))
        if stated := page.stated():
            await tx.execute(insert(table(StatedRow)), stated)
        events += [event for event in page.events(now) if _counts(event, report)]
    return events


async def _refuse_taken(tx: AsyncConnection, feed: FeedRow, page: ReadyPage) -> None:
    """Raise BadFeed where another source has somebody of a page."""
    people = columns(PersonRow)
    taken = select(people.id, people.source).where(people.id.in_(page.ids)).order_by(people.id).limit(1)
    for id_, source in (await tx.execute(taken)).all():
        raise BadFeed((_claimed(page.person(id_), source, feed),))


async def _store_changes(
    app: Bawab, tx: AsyncConnection, feed: FeedRow, staged: StagedFeed, report: ChangeReport
) -> list[LifecycleEvent]:
    now = app.now()
    events: list[LifecycleEvent] = []
    page: list[tuple[Person, str]] = []
    # Where the feed was compared line by line, whom it has is known without walking over everybody stored.
    whole = staged.facts.mode is FeedMode.SNAPSHOT and staged.since is None
    walk = _Stored(tx, feed.source, snapshot=whole)
    async for person, digest in staged.people():
        page.append((person, digest))
        if len(page) == PAGE:
            events += await _store_page(tx, feed, page, walk, report, now)
            page = []
    events += await _store_page(tx, feed, page, walk, report, now)
    await walk.rest()
    missing = walk.missing if staged.since is None else await _missing_since(tx, feed.source, staged)
    await _vanished(app, tx, missing, report)
    return events


async def _missing_since(tx: AsyncConnection, source: str, staged: StagedFeed) -> list[str]:
    """Whoever stood in the last feed and not in this one, and whoever was missing and has not come back.

    To be called when the people of the feed are stored: whoever came back is no longer counted as missing.
    """
    people = columns(PersonRow)
    statement = select(people.id).where(people.source == source, text("missing_reads > 0"))
    still = {str(found[0]) for found in (await tx.execute(statement)).all()}
    return sorted(still.union(staged.gone()))


async def _store_page(
    tx: AsyncConnection,
    feed: FeedRow,
    page: list[tuple[Person, str]],
    walk: _Stored,
    report: ChangeReport,
    now: datetime,
) -> list[LifecycleEvent]:
    if not page:
        return []
    people = columns(PersonRow)
    stored = {row.id: row for row in await where(tx, PersonRow, people.id.in_([p.id for p, _ in page]))}
    await walk.pass_by([person.id for person, _ in page])
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    back: list[str] = []
    events: list[LifecycleEvent] = []
    for person, digest in page:
        before = stored.get(person.id)
        if before is not None and before.source != feed.source:
            raise BadFeed((_claimed(person, before.source, feed),))
        if before is not None and before.digest == digest:
            back += [person.id] if before.missing_reads else []
            continue
        (fresh if before is None else changed).append(_values(person, digest, feed.source, now))
        known = person_from_json(before.record) if before else None
        events += [event for event in lifecycle_change(known, person, now) if _counts(event, report)]
    await _write(tx, fresh, changed, back)
    by_id = {person.id: person for person, _ in page}
    await remember_stated(tx, [by_id[values["id"]] for values in fresh], known=False)
    await remember_stated(tx, [by_id[values["id"]] for values in changed], known=True)
    return events


async def _write(
    tx: AsyncConnection, fresh: list[dict[str, Any]], changed: list[dict[str, Any]], back: list[str]
) -> None:
    """Write one page in three statements: rows as plain values, because a million objects take minutes."""
    people = table(PersonRow)
    if fresh:
        await tx.execute(insert(people), fresh)
    if changed:
        # Named apart: a bound name may not be a column's where the row is found by it.
        found = [{**values, "person": values["id"]} for values in changed]
        await tx.execute(update(people).where(people.c.id == bindparam("person")), found)
    if back:
        await change(tx, PersonRow, {"missing_reads": 0}, people.c.id.in_(back))


def _counts(event: LifecycleEvent, report: ChangeReport) -> bool:
    """Count the event; a baseline's joiners are simply the people who are there."""
    if event.kind is EventKind.JOINER and report.baseline:
        return False
    report.events[event.kind] += 1
    return True


async def _follow(app: Bawab, tx: AsyncConnection, event: LifecycleEvent, report: ChangeReport) -> None:
    person = event.person
    await app.audit.append(
        tx,
        Entry(
            action=Action.PERSON_CHANGE,
            actor="bawab",
            outcome=event.kind,
            person_id=person.id,
            run_id=report.run_id,
            detail={"first_seen": event.first_seen, "effective": str(event.effective or "")},
            personal={"name": person.name, "employee_id": person.id},
        ),
    )
    await _take_back(app, tx, event)
    if event.kind in ACTED_UPON:
        case = await open_case(app, tx, Opening(event, run_id=report.run_id))
        if case is not None:
            report.cases.append(case)


async def _take_back(app: Bawab, tx: AsyncConnection, event: LifecycleEvent) -> None:
    """What HR withdrew is cancelled: a departure, an announced transfer, a leave that is over, or (a rehire)
    all of them."""
    kinds = LEAVING if event.after is None else frozenset({EventKind.MOVER})
    if event.kind is EventKind.REHIRE:
        kinds = LEAVING | {EventKind.MOVER, EventKind.LEAVE_OF_ABSENCE}
    if event.kind is EventKind.RETURN:
        kinds = frozenset({EventKind.LEAVE_OF_ABSENCE})
    if event.kind in (EventKind.RESCINDED, EventKind.REHIRE, EventKind.RETURN):
        reason = event.kind.value
        await cancel_for_person(app, tx, event.person.id, reason=reason, actor="bawab", kinds=kinds)
        await close_chapter(app, tx, event.person.id, kinds)


async def _vanished(app: Bawab, tx: AsyncConnection, missing: list[str], report: ChangeReport) -> None:
    """Absence is not departure: it is counted and logged, and nothing follows from it."""
    people = columns(PersonRow)
    for ids in chunks(missing, PAGE):
        rows = await where(tx, PersonRow, people.id.in_(ids))
        await change(tx, PersonRow, {"missing_reads": people.missing_reads + 1}, people.id.in_(ids))
        news = [row for row in rows if not row.missing_reads and row.status != PersonStatus.TERMINATED]
        report.events[EventKind.VANISHED] += len(news)
        entries = [_vanishing(row, report) for row in sorted(news, key=lambda row: row.id)]
        await app.audit.append(tx, *entries)
    report.events = +report.events  # nobody vanished is no line in a report


def _vanishing(row: PersonRow, report: ChangeReport) -> Entry:
    return Entry(
        action=Action.PERSON_VANISH,
        actor="bawab",
        outcome=EventKind.VANISHED,
        person_id=row.id,
        run_id=report.run_id,
        personal={"name": row.name, "employee_id": row.id},
    )


class _Stored:
    """Walks the stored ids of a source beside the feed, both in ascending order, one page at a time."""

    def __init__(self, tx: AsyncConnection, source: str, *, snapshot: bool) -> None:
        self._tx = tx
        self._snapshot = snapshot
        self._ids = self._walk(source)
        self._next: str | None = None
        self.missing: list[str] = []

    async def pass_by(self, seen: list[str]) -> None:
        """Move past everything up to the last id seen, keeping what the feed did not have."""
        if not self._snapshot:
            return
        present = set(seen)
        while (current := await self._peek()) is not None and current <= seen[-1]:
            if current not in present:
                self.missing.append(current)
            self._next = None

    async def rest(self) -> None:
        """After the last page: whatever is stored beyond it is missing too."""
        while self._snapshot and (current := await self._peek()) is not None:
            self.missing.append(current)
            self._next = None

    async def _peek(self) -> str | None:
        if self._next is None:
            self._next = await anext(self._ids, None)
        return self._next

    async def _walk(self, source: str) -> AsyncIterator[str]:
        people = columns(PersonRow)
        last = ""
        while True:
            statement = (
                select(people.id)
                .where(people.source == source, people.id > last)
                .order_by(people.id)
                .limit(PAGE * 4)
            )
            ids = [str(found[0]) for found in (await self._tx.execute(statement)).all()]
            if not ids:
                return
            for known in ids:
                yield known
            last = ids[-1]


def _claimed(person: Person, source: str, feed: FeedRow) -> Complaint:
    return Complaint(
        code="claimed_by_other_source",
        message=f"employee id {person.id!r} already belongs to the source {source!r}",
        file=feed.name,
        remedy="Each person comes from one source: take the row out of one of the two.",
    )


def _values(person: Person, digest: str, source: str, now: datetime) -> dict[str, Any]:
    return {
        "id": person.id,
        "source": source,
        "digest": digest,
        "record": person_to_json(person),
        "name": person.name,
        "status": person.status,
        "email": person.email,
        "missing_reads": 0,
        "updated_at": now,
    }
