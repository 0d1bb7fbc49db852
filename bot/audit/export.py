"""Hands entries out as a file: CSV for spreadsheets, or JSON lines that prove themselves; logged first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.chain import RAW, raw_rows
from bot.audit.filter import Condition, Filter, ResolvePerson, prepare
from bot.audit.findings import shown
from bot.audit.head import Head
from bot.audit.log import AuditLog, Entry, unsealed
from bot.audit.query import Query
from bot.audit.spreadsheet import BOM, csv_lines
from bot.store.audit_tables import COLUMNS

PAGE: Final = 1000
LABEL: Final = "bawab-audit-export-1"
_CSV_COLUMNS: Final = tuple(name for name in COLUMNS if name != "sealed")

Revealed = Mapping[str, object] | None
Row = Mapping[str, Any]


class Format(StrEnum):
    """What the file is for."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was handed out: `entries` counts the lines, the export's own entry included."""

    path: Path
    entries: int
    sha256: str
    """Of every byte before the last line; the last line says it too."""
    head: Head


async def export(
    log: AuditLog,
    query: Query,
    path: Path,
    format: Format,  # noqa: A002 - what the command line calls it
    *,
    actor: str,
    reveal: bool = False,
    reason: str = "",
    resolve: ResolvePerson | None = None,
    progress: Callable[[int, int], None] | None = None,
    beside: Sequence[Condition] = (),
    note: str = "",
) -> Exported:
    """Write the entries that meet a query to `path`, oldest first, then the entry of this export itself.

    The entry is committed before the file gets its name; with no query the file holds one unbroken chain.
    `reveal` adds the personal fields whose keys still exist, and the entry says so. `beside` are conditions
    that hold whatever was asked, and `note` says in the entry which. Raises OSError, StoreProblem,
    TooManyPeople; then no file is left.
    """
    async with _partial(path) as file:
        sheet = _Sheet(file, format, reveal=reveal)
        async with log.store.read() as connection:
            wanted = await prepare(connection, query, resolve, beside)
            total = await connection.scalar(
                sa.select(sa.func.count()).select_from(RAW).where(*wanted.conditions)
            )
            through = await connection.scalar(sa.select(sa.func.max(RAW.c.seq)))
            await _copy(connection, wanted, sheet, lambda done: progress and progress(done, total or 0))
        sheet.last_seq = through or 0
        async with log.store.write() as tx:
            await _copy(tx, wanted, sheet)  # what was appended while the file was written
            detail = {
                "format": format.value,
                "filter": wanted.shown,
                "entries": sheet.entries,
                "sha256": sheet.sha256,
                "revealed": reveal,
                "reason": reason,
            } | ({"note": note} if note else {})
            seq = await log.append(tx, Entry(Action.AUDIT_EXPORT, actor, detail=detail))
            (row,) = await raw_rows(tx, RAW, RAW.c.seq == seq, limit=1)
            sheet.add([row], [None])
        head = Head.signed(log.keys, seq=seq, hash=row["hash"], at=row["at"], reason="export")
        exported = Exported(path, sheet.entries, sheet.sha256, head)
        sheet.end(head, log.keys.fingerprint)
    return exported


async def _copy(
    connection: AsyncConnection,
    wanted: Filter,
    sheet: _Sheet,
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Copy the matching entries after the last one in the sheet."""
    while True:
        rows = await raw_rows(connection, RAW, *wanted.conditions, RAW.c.seq > sheet.last_seq, limit=PAGE)
        if not rows:
            return
        revealed = await unsealed(connection, rows) if sheet.reveal else [None] * len(rows)
        sheet.add(rows, revealed)
        progress(sheet.entries)


class _Sheet:
    """The file while it is written; knows the digest of what it holds."""

    def __init__(self, file: BinaryIO, format: Format, *, reveal: bool) -> None:  # noqa: A002 - what the command line calls it
        self._file = file
        self._format = format
        self._digest = hashlib.sha256()
        self.reveal = reveal
        self.entries = 0
        self.last_seq = 0
        if format is Format.CSV:
            header = [*_CSV_COLUMNS, "personal"] if reveal else _CSV_COLUMNS
            self._put(BOM + csv_lines([header]))

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def add(self, rows: Sequence[Row], revealed: Sequence[Revealed]) -> None:
        if self._format is Format.CSV:
            self._put(csv_lines(map(self._cells, rows, revealed)))
        else:
            self._put(b"".join(map(_json_line, rows, revealed)))
        self.entries += len(rows)
        self.last_seq = rows[-1]["seq"]

    def end(self, head: Head, fingerprint: str) -> None:
        facts = {"entries": self.entries, "sha256": self.sha256, "head": asdict(head), "key": fingerprint}
        if self._format is Format.CSV:
            told = {**facts, "head": head.hash, "signature": head.signature}
            self._put(csv_lines([[LABEL, *(f"{name}={value}" for name, value in told.items())]]))
        else:
            self._put(orjson.dumps({"end": LABEL, **facts}, option=orjson.OPT_APPEND_NEWLINE))

    def _cells(self, row: Row, revealed: Revealed) -> list[object]:
        cells = [row[name] for name in _CSV_COLUMNS]
        return [*cells, orjson.dumps(revealed).decode() if revealed else ""] if self.reveal else cells

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


def _json_line(row: Row, revealed: Revealed) -> bytes:
    values = dict(row) if revealed is None else {**row, "revealed": revealed}
    try:
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # Bytes edited by hand are no text; the line is still handed out, and its hash does not fit.
        whole = {
            name: value if value is None or name == "seq" else shown(value) for name, value in row.items()
        }
        return orjson.dumps(whole, option=orjson.OPT_APPEND_NEWLINE)


@asynccontextmanager
async def _partial(path: Path) -> AsyncIterator[BinaryIO]:
    """Write beside `path`, readable by the owner only; it gets its name when it is whole and on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # pathlib opens no file that is private from its first byte.
        private = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(private, "wb") as file:  # noqa: ASYNC230, PTH123 - see above; the writes are short
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
