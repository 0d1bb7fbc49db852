"""Finds what was done to the log behind Bawab's back, and names the entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.anchors import Outside, check_heads
from bot.audit.chain import HASHED, RAW, columns_hash, entry_hash, raw_rows
from bot.audit.driver import Bulk, rows_after
from bot.audit.findings import Findings, Verification, named
from bot.audit.keys import SigningKeys
from bot.store.audit_tables import GENESIS
from bot.store.db import Store

Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""

PAGE: Final = 2000

Row = Mapping[str, Any]

_HASHED_FROM: Final = 2
_PREVIOUS: Final = _HASHED_FROM + HASHED.index("prev_hash")


async def verify_log(
    store: Store,
    keys: SigningKeys,
    head_path: Path,
    witness_path: Path,
    *,
    progress: Progress | None = None,
    heads_only: bool = False,
) -> Verification:
    """Read every entry once, page by page, then hold the chain against every signed head; memory stays flat.

    `heads_only` leaves the chain out: quick enough for each start, it finds a log cut or rolled back.
    """
    findings = Findings()
    # Read before the database: what is appended meanwhile may be ahead of these files, never behind.
    outside = Outside.read(head_path, witness_path)
    async with store.read() as connection:
        entries = 0 if heads_only else await _check_chain(connection, findings, progress)
        checkpoints = await check_heads(connection, keys, outside, findings)
    return Verification(
        entries, findings.count, tuple(findings.kept), outside.head, checkpoints, keys.fingerprint
    )


async def _check_chain(connection: AsyncConnection, findings: Findings, progress: Progress | None) -> int:
    total = await connection.scalar(sa.select(sa.func.count()).select_from(RAW)) or 0
    chain = _Chain(findings)
    last = await _page(connection, chain, None)
    while last is not None:
        if progress is not None:
            progress(chain.entries, total)
        last = await _page(connection, chain, last)
    return chain.entries


async def _page(connection: AsyncConnection, chain: _Chain, after: int | None) -> int | None:
    """Check the next entries; gives the number of the last, None where there were no more."""
    bulk = await connection.run_sync(rows_after, after, PAGE)
    if bulk is not None:
        chain.take_all(bulk)
        return bulk[-1][0] if bulk else None
    onward = sa.true() if after is None else RAW.c.seq > after
    rows = await raw_rows(connection, RAW, onward, limit=PAGE)
    for row in rows:
        chain.take(row)
    return rows[-1]["seq"] if rows else None


class _Chain:
    """Follows the chain from entry to entry; remembers only the last one."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._last: Row | Bulk | None = None
        self._last_seq = 0
        self._suspect = False
        self._may_follow: tuple[str, ...] = (GENESIS,)
        self.entries = 0

    def take_all(self, rows: Sequence[Bulk]) -> None:
        """Check entries as `take` does; those that are as they should be cost little more than their hash."""
        for row in rows:
            if self._is_next(row):
                self._last, self._last_seq, self._may_follow = row, row[0], (row[1],)
                self.entries += 1
            else:
                self.take(_mapped(row))

    def _is_next(self, row: Bulk) -> bool:
        if self._suspect or row[0] != self._last_seq + 1 or row[_PREVIOUS] not in self._may_follow:
            return False
        try:
            return bool(columns_hash(row[_HASHED_FROM:]) == row[1])
        except TypeError:
            return False  # bytes where text was

    def take(self, row: Row) -> None:
        """Check one entry against its own hash, and against the entry before it."""
        self.entries += 1
        if row["seq"] <= self._last_seq:
            self._findings.add(
                "displaced", f"{named(row)} stands outside the numbering, which begins at 1", row
            )
            return
        computed = entry_hash(row)
        gap = row["seq"] > self._last_seq + 1
        if gap:
            self._missing(row)
        linked = gap or self._suspect or row["prev_hash"] in self._may_follow
        self._suspect = self._wrong(row, whole=computed == row["hash"], linked=linked)
        # After an edit the next entry may follow what stood here or what stands here: one edit, one finding.
        self._may_follow = (row["hash"], computed)
        self._last, self._last_seq = row, row["seq"]

    def _wrong(self, row: Row, *, whole: bool, linked: bool) -> bool:
        if whole and linked:
            return False
        if linked:
            text = f"{named(row)} was edited: its columns no longer give its hash"
            self._findings.add("edited", text, row)
        elif not whole:
            text = f"{named(row)} is not the entry written here: neither its hash nor its link fits; swapped?"
            self._findings.add("displaced", text, row)
        elif (last := self._last_row()) is None:
            self._findings.add("rewritten", f"{named(row)} does not begin the chain", row)
        else:
            text = f"{named(last)} was rewritten with a new hash: {named(row)} does not follow it"
            self._findings.add("rewritten", text, last)
        return not whole

    def _last_row(self) -> Row | None:
        return _mapped(self._last) if isinstance(self._last, tuple) else self._last

    def _missing(self, row: Row) -> None:
        first, last = self._last_seq + 1, row["seq"] - 1
        which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        before = self._last_row()
        after = "" if before is None else f"after {named(before)} and "
        self._findings.add("missing", f"{which} missing: deleted {after}before {named(row)}", seq=first)


def _mapped(row: Bulk) -> Row:
    return dict(zip(HASHED, row[_HASHED_FROM:], strict=True)) | {"seq": row[0], "hash": row[1]}
