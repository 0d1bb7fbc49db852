"""A snapshot staged by its lines: only those that did not stand in the last accepted one are read.

It says nothing about a file that it does not wholly understand: at the first doubt the file is read record
by record, as the very first one was, and whatever is wrong with it is said there.
"""

from __future__ import annotations

import asyncio
import csv
import sqlite3
import threading
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from connectors.hr.contract import Delivery, FeedFacts, FeedMode
from connectors.hr.records import digest, person_from_json, person_to_json
from policies.model import Person, PersonStatus

from .cells import is_blank, look_alike
from .columns import Columns, resolve
from .complaints import Complaints
from .config import CsvFileConfig
from .facts import Tally, facts_of
from .line_digests import Block
from .line_store import Kept, LineStore, Part, Who, hashed, store_path
from .line_walk import LineWalk, Unlike, Window
from .reader_version import reader_version
from .record import RecordReader
from .table import Row
from .text_table import MAX_LINE


@dataclass(frozen=True, slots=True)
class Fresh:
    """A person whose line is new, as it was read."""

    person: Person
    record: str


class StagedLines:
    """A feed of which only the new lines were read; `since` says against which feed."""

    def __init__(self, facts: FeedFacts, store: LineStore, walk: LineWalk, fresh: dict[bytes, Fresh]) -> None:
        self.facts = facts
        self.since: str | None = store.feed
        self._store = store
        self._walk = walk
        self._fresh = fresh
        self._ids = {new.person.id for new in fresh.values()}

    async def people(self) -> AsyncIterator[tuple[Person, str]]:
        """Yield whoever stands on a new line, in ascending order of employee id."""
        for new in sorted(self._fresh.values(), key=lambda new: new.person.id):
            yield person_from_json(new.record), digest(new.record)

    def gone(self) -> list[str]:
        """Give whoever stood in the feed `since` and does not in this one, in ascending order."""
        return sorted({one for _, one in self._walk.gone.values()} - self._ids)

    async def lacking(self, ids: Collection[str]) -> set[str]:
        gone = set(self.gone())
        return {one for one in ids if one not in self._ids and (one in gone or not self._kept(one))}

    async def remember(self, feed: str) -> None:
        """Make the kept lines those of this feed. A failure costs time at the next one, nothing else."""
        with suppress(sqlite3.Error, OSError, LookupError):
            await asyncio.to_thread(self._advance, feed)

    def _advance(self, feed: str) -> None:
        key = self._store.key
        gone = {hashed(look_alike(one), key) for _, one in self._walk.gone.values()}
        people = {digest: new.person for digest, new in self._fresh.items()}
        come = [(hashed(look_alike(one.id), key), hashed(one.id, key)) for one in people.values()]
        new = {digest: (int(_has_left(one)), one.id) for digest, one in people.items()}
        whose = self._walk.known | new
        self._store.advance(feed, (_part(part, whose) for part in self._walk.order), gone, come)

    async def aclose(self) -> None:
        self._store.close()

    def _kept(self, one: str) -> bool:
        key = self._store.key
        return self._store.person(hashed(look_alike(one), key)) == hashed(one, key)


def _part(part: Kept | list[tuple[Block, list[bytes]]], whose: Mapping[bytes, Who]) -> Kept | list[Part]:
    if isinstance(part, Kept):
        return part
    return [(block, b"".join(digests), [whose[one] for one in digests]) for block, digests in part]


def _has_left(person: Person) -> bool:
    return person.status is PersonStatus.TERMINATED


def stage_by_lines(
    config: CsvFileConfig, delivery: Delivery, since: str, cancelled: threading.Event
) -> StagedLines | None:
    """Stage a delivery against the lines kept of the feed `since`; None where it must be read whole.

    It blocks: call it in a worker thread. Raises nothing of its own; Cancelled where nobody waits any more.
    """
    if config.mode is not FeedMode.SNAPSHOT or delivery.size > config.max_bytes:
        return None
    if Path(delivery.name).suffix.casefold() == ".xlsx":
        return None
    with suppress(OSError, sqlite3.Error):
        store = LineStore.open(store_path(config.spool, config.name), since)
        if store is not None:
            return _stage(config, delivery, store, cancelled)
    return None


def _stage(
    config: CsvFileConfig, delivery: Delivery, store: LineStore, cancelled: threading.Event
) -> StagedLines | None:
    staged = None
    try:
        if store.layout.reader == reader_version(config):
            staged = _compared(config, delivery, store, cancelled)
    except (Unlike, LookupError):
        pass
    finally:
        if staged is None:
            store.close()
    return staged


def _compared(
    config: CsvFileConfig, delivery: Delivery, store: LineStore, cancelled: threading.Event
) -> StagedLines:
    with Path(delivery.path).open("rb") as stream:
        window = Window(stream, cancelled)
        walk = LineWalk(store, window)
        walk.run()
    if (window.sha256, window.size) != (delivery.sha256, delivery.size):
        raise Unlike
    fresh = dict(_read(config, store, walk.fresh))
    _refuse_twins(store, walk, fresh)
    tally = _tally(store, walk, fresh)
    if not 0 < tally.rows <= config.max_rows:
        raise Unlike
    layout = store.layout
    facts = facts_of(
        config, delivery, tally, layout.encoding, layout.delimiter, window.last in {b"\n", b"\r"}
    )
    return StagedLines(facts, store, walk, fresh)


def _read(
    config: CsvFileConfig, store: LineStore, lines: dict[bytes, bytes]
) -> Iterator[tuple[bytes, Fresh]]:
    complaints = Complaints("")
    columns = resolve(store.layout.header, store.layout.header_line, config.columns, complaints)
    reader = RecordReader(config, columns, complaints)
    for one, line in lines.items():
        person = reader.read(Row(0, _cells(line, columns, store.layout.delimiter)))
        if person is None or complaints:
            raise Unlike
        yield one, Fresh(person, person_to_json(person))


def _cells(line: bytes, columns: Columns, delimiter: str) -> list[str]:
    """Give the cells of a line that is one whole record by itself. Raises Unlike for any other."""
    bare = line.removesuffix(b"\n")
    bare = bare.removesuffix(b"\r") if bare != line else bare
    if b"\r" in bare or b"\n" in bare or b"\0" in bare:
        raise Unlike
    try:
        text = line.decode("utf-8")
        records = list(csv.reader([text], delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unlike from error
    whole = len(text) <= MAX_LINE and len(records) == 1 and len(records[0]) == len(columns.header)
    if not whole or all(map(is_blank, records[0])):
        raise Unlike
    return records[0]


def _refuse_twins(store: LineStore, walk: LineWalk, fresh: dict[bytes, Fresh]) -> None:
    """An id that stands twice, or looks like another: only the lines that are gone may be taken for it."""
    free = {look_alike(one) for _, one in walk.gone.values()}
    seen: set[str] = set()
    for new in fresh.values():
        alike = look_alike(new.person.id)
        taken = alike not in free and store.person(hashed(alike, store.key)) is not None
        if alike in seen or taken:
            raise Unlike
        seen.add(alike)


def _tally(store: LineStore, walk: LineWalk, fresh: dict[bytes, Fresh]) -> Tally:
    rows = sum(kept.lines for kept in store.index) + len(fresh) - len(walk.gone)
    left = sum(kept.left for kept in store.index) - sum(gone for gone, _ in walk.gone.values())
    left += sum(_has_left(new.person) for new in fresh.values())
    return Tally(store.layout.header, rows, left)
