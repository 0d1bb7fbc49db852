"""Watch the HR sources: each finished file is read whole, judged, then accepted or set aside, once."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.changes import ChangeReport, anybody, apply_feed
from bot.holds import withdraw
from bot.made_ready import MadeReady, make_ready
from bot.states import FeedState, HoldKind
from bot.store.query import add, all_of, change, columns, new_id, one, table, where
from bot.store.tables import FeedRow, HoldRow
from connectors.errors import BadFeed, Complaint, ConnectorError, Unavailable
from connectors.hr.contract import Delivery, FeedFacts, HrSource, StagedFeed
from policies.feed_health import FeedReading, HealthFinding, judge

_readings = TypeAdapter(FeedReading)
_READ = {field.name for field in fields(FeedReading)}


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What became of one delivery; `problems` are what a person must read."""

    source: str
    name: str
    state: FeedState
    rows: int = 0
    problems: tuple[str, ...] = ()
    hold_digest: str | None = None
    changes: ChangeReport | None = None


class Watcher:
    """Reads every HR source once per call; remembers what it has already taken."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._feeds = columns(FeedRow)
        self._unreachable: dict[str, str] = {}

    async def scan(self) -> list[FeedOutcome]:
        """Take every delivery that is new or newly released; an unreachable source is said once."""
        outcomes: list[FeedOutcome] = []
        for source in self._app.hr:
            try:
                outcomes += await self._scan(source)
                self._unreachable.pop(source.name, None)
            except ConnectorError as error:
                await self._unreachable_once(source, str(error))
        return outcomes

    def arriving(self) -> list[str]:
        """Name the files that were still arriving at the last look."""
        return [name for source in self._app.hr for name in source.arriving()]

    async def _scan(self, source: HrSource) -> list[FeedOutcome]:
        outcomes = [await self._take_released(source, row) for row in await self._released(source)]
        async for delivery in source.deliveries():
            if await self._known(delivery):
                continue
            outcomes.append(await self._take(source, delivery))
        return outcomes

    async def _known(self, delivery: Delivery) -> bool:
        feeds = self._feeds
        async with self._app.store.read() as tx:
            seen = await one(
                tx,
                FeedRow,
                feeds.source == delivery.source,
                feeds.name == delivery.name,
                feeds.sha256 == delivery.sha256,
                feeds.modified == delivery.modified,
            )
        return seen is not None

    async def _released(self, source: HrSource) -> list[FeedRow]:
        async with self._app.store.read() as tx:
            return await where(
                tx,
                FeedRow,
                self._feeds.source == source.name,
                self._feeds.state == FeedState.RELEASED,
            )

    async def _take_released(self, source: HrSource, row: FeedRow) -> FeedOutcome:
        """Read the very bytes that were judged and released, and accept them."""
        kept = Delivery(
            source=row.source,
            path=row.kept_copy or "",
            name=row.name,
            sha256=row.sha256,
            size=row.size,
            modified=row.modified,
        )
        try:
            last = await self._last_accepted(row.source)
            staged = await source.stage(kept, last.id if last else None)
            try:
                return await self._accept(row, staged, taken_before=True)
            finally:
                await staged.aclose()
        except BadFeed as error:
            return await self._refuse(row, error, taken_before=True)
        except Unavailable as error:
            if await asyncio.to_thread(Path(kept.path).exists):
                raise
            gone = Complaint("kept_copy_gone", f"The kept copy cannot be read: {error}", row.name)
            return await self._refuse(row, BadFeed((gone,)), taken_before=True)

    async def _take(self, source: HrSource, delivery: Delivery) -> FeedOutcome:
        row = self._row(delivery, await self._arrival(delivery.source))
        last = await self._last_accepted(source.name)
        try:
            staged = await source.stage(delivery, last.id if last else None)
            try:
                return await self._judge(row, delivery, staged, last)
            finally:
                await staged.aclose()
        except BadFeed as error:
            row.kept_copy = row.kept_copy or await self._keep(row, delivery)
            return await self._refuse(row, error, taken_before=False)

    async def _arrival(self, source: str) -> datetime:
        """Now, but after whatever this source delivered before: a clock set back turns no order round."""
        newest = select(func.max(self._feeds.received_at)).where(self._feeds.source == source)
        async with self._app.store.read() as tx:
            last: datetime | None = (await tx.execute(newest)).scalar_one()
        now = self._app.now()
        return now if last is None else max(now, last + timedelta(microseconds=1))

    def _row(self, delivery: Delivery, received_at: datetime) -> FeedRow:
        return FeedRow(
            id=new_id("feed"),
            source=delivery.source,
            name=delivery.name,
            sha256=delivery.sha256,
            size=delivery.size,
            modified=delivery.modified,
            received_at=received_at,
            state=FeedState.REFUSED,
        )

    async def _judge(
        self, row: FeedRow, delivery: Delivery, staged: StagedFeed, last: FeedRow | None
    ) -> FeedOutcome:
        row.facts = _facts(staged.facts)
        if last is not None and last.sha256 == row.sha256:
            return await self._unchanged(row)
        canaries = self._app.settings.hr[row.source].canaries
        reading = _reading(staged.facts, tuple(sorted(await staged.lacking(canaries))))
        findings = judge(reading, _last_reading(last), now=self._app.now())
        if findings:
            return await self._quarantine(row, delivery, findings)
        return await self._accept(row, staged, taken_before=False)

    async def _last_accepted(self, source: str) -> FeedRow | None:
        async with self._app.store.read() as tx:
            return await _last_accepted(tx, source)

    async def _unchanged(self, row: FeedRow) -> FeedOutcome:
        row.state = FeedState.UNCHANGED
        async with self._app.store.write() as tx:
            await add(tx, row)
            await self._supersede(tx, row)
            await self._app.audit.append(tx, _entry(Action.FEED_REPEAT, row))
        return FeedOutcome(row.source, row.name, FeedState.UNCHANGED)

    async def _refuse(self, row: FeedRow, error: BadFeed, *, taken_before: bool) -> FeedOutcome:
        row.state = FeedState.REFUSED
        row.findings = [asdict(complaint) for complaint in error.complaints]
        places = [f"{c.code}@{c.line or 0}:{c.column or 0}" for c in error.complaints[:20]]
        async with self._app.store.write() as tx:
            if taken_before:
                values = {"state": row.state, "findings": row.findings}
                await change(tx, FeedRow, values, self._feeds.id == row.id)
            else:
                await add(tx, row)
            entry = _entry(Action.FEED_REFUSE, row, outcome="refused", complaints=places)
            await self._app.audit.append(tx, entry)
        problems = tuple(str(complaint) for complaint in error.complaints)
        return FeedOutcome(row.source, row.name, FeedState.REFUSED, problems=problems)

    async def _quarantine(
        self, row: FeedRow, delivery: Delivery, findings: Sequence[HealthFinding]
    ) -> FeedOutcome:
        row.state = FeedState.QUARANTINED
        row.findings = [asdict(finding) for finding in findings]
        row.kept_copy = await self._keep(row, delivery)
        codes = sorted(finding.code for finding in findings)
        row.hold_digest = hashlib.sha256(orjson.dumps([row.id, row.sha256, codes])).hexdigest()
        hold = HoldRow(
            digest=row.hold_digest,
            kind=HoldKind.FEED,
            cause={"feed": row.id, "source": row.source, "file": row.name, "findings": row.findings},
            count=row.facts["rows"],
            created_at=self._app.now(),
        )
        async with self._app.store.write() as tx:
            await add(tx, row)
            await add(tx, hold)
            entry = _entry(Action.FEED_QUARANTINE, row, outcome="quarantined", findings=codes)
            await self._app.audit.append(tx, entry)
        problems = tuple(finding.message for finding in findings)
        return FeedOutcome(
            row.source, row.name, FeedState.QUARANTINED, row.facts["rows"], problems, row.hold_digest
        )

    async def _accept(self, row: FeedRow, staged: StagedFeed, *, taken_before: bool) -> FeedOutcome:
        row.state = FeedState.ACCEPTED  # written with what follows from it, or not at all
        row.facts = row.facts or _facts(staged.facts)
        app = self._app
        arrival = await self._arrival(row.source)
        async with self._ready(row.source, staged) as ready, app.store.write() as tx:
            await _still_the_last(tx, row.source, staged)
            report = await apply_feed(app, tx, row, staged, ready)
            if taken_before:
                values = {"state": FeedState.ACCEPTED, "received_at": arrival}
                await change(tx, FeedRow, values, self._feeds.id == row.id)
            else:
                await add(tx, row)
            await self._supersede(tx, row)
            entry = _entry(Action.FEED_RECEIVE, row, changes=report.counts())
            await app.audit.append(tx, replace(entry, run_id=report.run_id))
        await staged.remember(row.id)  # after the commit: a store of lines never knows more than the database
        if row.kept_copy:
            await asyncio.to_thread(Path(row.kept_copy).unlink, missing_ok=True)
        return FeedOutcome(
            row.source, row.name, FeedState.ACCEPTED, staged.facts.rows, report.problems, changes=report
        )

    @asynccontextmanager
    async def _ready(self, source: str, staged: StagedFeed) -> AsyncIterator[MadeReady | None]:
        """Give the rows of a source's first feed, made while others still write; None where it is not one."""
        async with self._app.store.read() as tx:
            known = await anybody(tx, source)
        if known:
            yield None
            return
        try:
            ready = await make_ready(staged, self._app.settings.data_dir, self._app.now())
        except OSError as error:
            folder = self._app.settings.data_dir
            raise Unavailable(f"{folder} has no room for the feed: {error}; nothing was changed") from error
        try:
            yield ready
        finally:
            ready.close()

    async def _supersede(self, tx: AsyncConnection, row: FeedRow) -> None:
        """An older quarantined file of this source can no longer be released: it would turn time back."""
        feeds = self._feeds
        set_aside = [feeds.state == FeedState.QUARANTINED, feeds.received_at <= row.received_at]
        older = await where(tx, FeedRow, feeds.source == row.source, feeds.id != row.id, *set_aside)
        for feed in older:
            await change(tx, FeedRow, {"state": FeedState.SUPERSEDED}, feeds.id == feed.id)
            if feed.hold_digest:
                await withdraw(self._app, tx, feed.hold_digest, "superseded by a newer feed")

    async def _keep(self, row: FeedRow, delivery: Delivery) -> str:
        folder = self._app.settings.data_dir / "quarantine"
        kept = folder / f"{row.id}{Path(delivery.name).suffix[:8]}"  # a name may be as long as a disk allows

        def copy() -> None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = kept.with_name(f".{kept.name}")
            partial.touch(mode=0o600)
            shutil.copyfile(delivery.path, partial)
            with partial.open("rb") as stream:
                same = hashlib.file_digest(stream, "sha256").hexdigest() == delivery.sha256
            if not same:
                partial.unlink()
                raise Unavailable(f"{delivery.name} was replaced while it was judged; it is read again")
            partial.replace(kept)

        try:
            await asyncio.to_thread(copy)
        except OSError as error:
            raise Unavailable(
                f"{delivery.name} cannot be kept in {folder}: {error}; nothing was changed"
            ) from error
        return str(kept)

    async def _unreachable_once(self, source: HrSource, problem: str) -> None:
        if self._unreachable.get(source.name) == problem:
            return
        self._unreachable[source.name] = problem
        async with self._app.store.write() as tx:
            entry = Entry(
                action=Action.FEED_UNREACHABLE,
                actor="bawab",
                outcome="unavailable",
                detail={"source": source.name, "problem": problem},
            )
            await self._app.audit.append(tx, entry)


async def _last_accepted(tx: AsyncConnection, source: str) -> FeedRow | None:
    feeds = columns(FeedRow)
    statement = (
        select(table(FeedRow))
        .where(feeds.source == source, feeds.state == FeedState.ACCEPTED)
        .order_by(feeds.received_at.desc(), feeds.modified.desc())
        .limit(1)
    )
    rows = await all_of(tx, FeedRow, statement)
    return rows[0] if rows else None


async def _still_the_last(tx: AsyncConnection, source: str, staged: StagedFeed) -> None:
    """A feed compared with another says nothing of the people that a third one has changed meanwhile."""
    if staged.since is None:
        return
    last = await _last_accepted(tx, source)
    if last is None or last.id != staged.since:
        raise Unavailable(f"Another feed of {source} was accepted meanwhile; this one is read again.")


def _entry(action: Action, row: FeedRow, *, outcome: str = "ok", **detail: object) -> Entry:
    facts = {"source": row.source, "file": row.name, "sha256": row.sha256, "feed": row.id}
    return Entry(action=action, actor="bawab", outcome=outcome, detail={**facts, **detail})


def _facts(facts: FeedFacts) -> dict[str, object]:
    plain: dict[str, object] = orjson.loads(orjson.dumps(facts))
    return plain


def _last_reading(row: FeedRow | None) -> FeedReading | None:
    if row is None:
        return None
    known = {name: row.facts[name] for name in row.facts if name in _READ}
    return _readings.validate_json(orjson.dumps(known))


def _reading(facts: FeedFacts, missing_canaries: tuple[str, ...]) -> FeedReading:
    return FeedReading(
        mode=facts.mode.value,
        rows=facts.rows,
        terminated=facts.terminated,
        header=facts.header,
        sha256=facts.sha256,
        as_of=facts.as_of,
        modified=facts.modified,
        ends_with_newline=facts.ends_with_newline,
        missing_canaries=missing_canaries,
    )
