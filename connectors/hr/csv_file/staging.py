"""From a delivered file to a staged feed: our own copy, every row, then all of it or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from connectors.errors import Unavailable
from connectors.hr.contract import Delivery, FeedFacts
from connectors.hr.records import person_from_json
from policies.model import Person

from .complaints import Complaints
from .config import CsvFileConfig
from .facts import facts_of
from .kinds import XLSX, require_kind
from .line_keeping import SoundLines, keep_lines, sound_lines
from .line_store import store_path
from .reading import BATCH, read_into
from .sheet_table import open_sheet
from .spool import Spool
from .table import Table
from .text_table import open_text

_CHUNK = 1 << 20
_LEFT_BEHIND = 24 * 3600.0
"""Seconds after which a spool file can only be one that a killed process left."""


class StagedFile:
    """A feed in the spool, read whole and found sound."""

    since: str | None = None
    """Everybody was read."""

    def __init__(self, facts: FeedFacts, spool: Spool, path: Path, lines: SoundLines | None) -> None:
        self.facts = facts
        self._spool = spool
        self._path = path
        self._lines = lines

    async def people(self) -> AsyncIterator[tuple[Person, str]]:
        after: str | None = None
        while batch := await asyncio.to_thread(self._spool.batch, after, BATCH):
            for _, record, record_digest in batch:
                yield person_from_json(record), record_digest
            after = batch[-1][0]

    def gone(self) -> list[str]:
        return []

    async def lacking(self, ids: Collection[str]) -> set[str]:
        return {one for one in ids if not self._spool.holds(one)}

    async def remember(self, feed: str) -> None:
        """Keep the lines of this feed, or nothing where they cannot be told apart or there is no room."""
        with suppress(sqlite3.Error, OSError):
            await asyncio.to_thread(keep_lines, self._path, feed, self._lines, self._spool)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._spool.close)


def stage_file(config: CsvFileConfig, delivery: Delivery, cancelled: threading.Event) -> StagedFile:
    """Read a delivery whole into the spool. It blocks: call it in a worker thread.

    Raises BadFeed with every complaint, Unavailable where the file changed, went away or found no room;
    either way nothing stays behind.
    """
    try:
        _prepare(config.spool)
        with _own_copy(config, delivery) as copy:
            return _stage_copy(config, delivery, copy, cancelled)
    except (OSError, sqlite3.OperationalError) as error:
        raise Unavailable(
            f"HR source {config.name}: {delivery.name} could not be staged in {config.spool}: {error}. "
            "Nothing was changed. See that the file is there and the spool has room and the right owner."
        ) from error


def _stage_copy(
    config: CsvFileConfig, delivery: Delivery, copy: Path, cancelled: threading.Event
) -> StagedFile:
    complaints = Complaints(delivery.name)
    table = _open(config, delivery.name, copy, complaints)
    spool = Spool(config.spool, _prefix("staged"))
    try:
        tally = read_into(spool, table, config, complaints, cancelled)
        lines = sound_lines(config, table, copy, tally)
    except BaseException:
        spool.close()
        raise
    facts = facts_of(config, delivery, tally, table.encoding, table.delimiter, table.ends_with_newline)
    return StagedFile(facts, spool, store_path(config.spool, config.name), lines)


def _open(config: CsvFileConfig, name: str, copy: Path, complaints: Complaints) -> Table:
    if not copy.stat().st_size:
        complaints.refuse(
            "empty_file", "The file is empty.", "Deliver an export with its header line.", line=1
        )
    if require_kind(copy, name, complaints) == XLSX:
        return open_sheet(copy, config.sheet, config.max_bytes, complaints)
    return open_text(copy, config.encoding, config.delimiter, config.columns, complaints)


@contextmanager
def _own_copy(config: CsvFileConfig, delivery: Delivery) -> Iterator[Path]:
    """Give our own copy of the bytes that were announced: nobody can change it while it is read."""
    if delivery.size > config.max_bytes:
        Complaints(delivery.name).refuse(
            "too_large",
            f"The file has {delivery.size} bytes; {config.max_bytes} is the most.",
            "Raise max_bytes if that is right.",
        )
    handle, name = tempfile.mkstemp(prefix=_prefix("copy"), suffix=".spool", dir=config.spool)
    copy = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            sha256 = _copy(Path(delivery.path), target, delivery.size)
        if sha256 != delivery.sha256:
            raise Unavailable(
                f"HR source {config.name}: {delivery.name} changed after it was seen; it is read at rest.",
                retry_after=config.settle_seconds,
            )
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _copy(source: Path, target: BinaryIO, size: int) -> str:
    """Copy at most a little more than `size` bytes; give the SHA-256 of what was copied."""
    sha256, copied = hashlib.sha256(), 0
    with source.open("rb") as stream:
        while copied <= size and (chunk := stream.read(_CHUNK)):
            target.write(chunk)
            sha256.update(chunk)
            copied += len(chunk)
    return sha256.hexdigest()


def _prepare(folder: Path) -> None:
    """Make the spool, and clear what killed processes left in it: staged people are personal data."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(".bawab-*.spool"):
        if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
            left.unlink(missing_ok=True)


def _prefix(what: str) -> str:
    return f".bawab-{what}-"
