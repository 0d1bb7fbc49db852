"""Holds the chain against its signed heads: the head file, the witness file, and the database's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.chain import RAW, RAW_HEAD, raw_rows
from bot.audit.findings import Findings, named
from bot.audit.head import Head, HeadProblem, read_head, witnessed
from bot.audit.keys import SigningKeys

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Outside:
    """What stands outside the database, as it was before the database was read."""

    head_path: Path
    head: Head | None
    head_problem: str | None
    witness_path: Path
    witness_size: int

    @classmethod
    def read(cls, head_path: Path, witness_path: Path) -> Self:
        """Read the head, and note how far the witness file goes."""
        head, problem = None, None
        try:
            head = read_head(head_path)
        except HeadProblem as error:
            problem = str(error)
        size = witness_path.stat().st_size if witness_path.exists() else 0
        return cls(head_path, head, problem, witness_path, size)


async def check_heads(
    connection: AsyncConnection, keys: SigningKeys, outside: Outside, findings: Findings
) -> int:
    """Check every signed head against the entries of one snapshot; returns how many were genuine."""
    last_seq = await connection.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0
    check = _Heads(connection, keys, findings, last_seq)
    await check.head_file(outside)
    await check.witness_file(outside)
    await check.stored()
    check.report_cut_tail()
    return check.genuine


class _Heads:
    def __init__(
        self, connection: AsyncConnection, keys: SigningKeys, findings: Findings, last_seq: int
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._findings = findings
        self._last_seq = last_seq
        self._witness_due = 0
        self._beyond: tuple[Head, str] | None = None
        self._rewritten: set[str] = set()
        self.genuine = 0

    async def head_file(self, outside: Outside) -> None:
        """Check the head file."""
        path = outside.head_path
        if outside.head_problem:
            self._findings.add("head_unreadable", f"the head file {path} is damaged: {outside.head_problem}")
        elif outside.head is not None:
            if await self._hold([outside.head], f"the head file {path}"):
                self._witness_due = outside.head.witnessed
        elif self._last_seq:
            text = f"the head file {path} is missing, though the log has {self._last_seq} entries"
            self._findings.add("head_missing", text)

    async def witness_file(self, outside: Outside) -> None:
        """Check the witness file line by line, and that no checkpoint of the database is missing in it."""
        source, done = f"the witness file {outside.witness_path}", 0
        lines = self._readable(witnessed(outside.witness_path, size=outside.witness_size))
        while page := list(islice(lines, PAGE)):
            before = done
            for head in page:
                if head.seq <= done:
                    text = f"{source} is out of order at entry {head.seq}: lines were swapped or added"
                    self._findings.add("witness_disordered", text, seq=head.seq)
                done = max(done, head.seq)
            await self._hold(page, source)
            await self._both_ways(page, before, done, source)
        await self._unwitnessed(done, self._witness_due, set(), source)

    async def stored(self) -> None:
        """Check the checkpoints in the database."""
        rows = await raw_rows(self._connection, RAW_HEAD, limit=PAGE)
        while rows:
            await self._hold([_head(row) for row in rows], "the checkpoints in the database")
            rows = await raw_rows(self._connection, RAW_HEAD, RAW_HEAD.c.seq > rows[-1]["seq"], limit=PAGE)

    def report_cut_tail(self) -> None:
        """Say what is missing at the end, by the head that reaches furthest."""
        if self._beyond is None:
            return
        head, source = self._beyond
        first = self._last_seq + 1
        which = f"entry {first} is" if first == head.seq else f"entries {first} to {head.seq} are"
        text = (
            f"{which} missing at the end: by {source}, signed at {head.at}, the log had {head.seq} entries; "
            f"the tail was cut off, or an older database put back"
        )
        self._findings.add("cut_tail", text, seq=first)

    def _readable(self, lines: Iterator[Head | HeadProblem]) -> Iterator[Head]:
        for line in lines:
            if isinstance(line, HeadProblem):
                self._findings.add("witness_unreadable", str(line))
            else:
                yield line

    async def _hold(self, heads: Sequence[Head], source: str) -> bool:
        """Check signatures, then the hashes of the entries they name; True if all were genuine."""
        genuine = [head for head in heads if self._signed(head, source)]
        rows = await self._entries({head.seq for head in genuine if head.seq <= self._last_seq})
        for head in genuine:
            if head.seq > self._last_seq:
                if self._beyond is None or head.seq > self._beyond[0].seq:
                    self._beyond = (head, source)
            elif head.seq in rows and rows[head.seq]["hash"] != head.hash:
                self._not_as_signed(head, source, rows[head.seq])
        self.genuine += len(genuine)
        return len(genuine) == len(heads)

    def _signed(self, head: Head, source: str) -> bool:
        if head.genuine(self._keys):
            return True
        text = (
            f"{source} names entry {head.seq} with a signature that is not by key {self._keys.fingerprint}: "
            "forged, or the wrong public key"
        )
        self._findings.add("forged_head", text, seq=head.seq)
        return False

    def _not_as_signed(self, head: Head, source: str, row: Mapping[str, Any]) -> None:
        # The chain builds on itself: after the first rewritten entry every later head differs too.
        if source in self._rewritten:
            return
        self._rewritten.add(source)
        text = (
            f"{named(row)} is not what was signed at {head.at} in {source}: "
            "it or an entry before it was rewritten"
        )
        self._findings.add("rewritten", text, row)

    async def _both_ways(self, page: Sequence[Head], after: int, through: int, source: str) -> None:
        """Each witnessed checkpoint stands in the database too, and each in the database is witnessed."""
        seqs = {head.seq for head in page}
        stored = await self._unwitnessed(after, through, seqs, source)
        for seq in sorted(seqs - stored):
            if seq <= self._last_seq:
                text = f"the checkpoint at entry {seq} is in {source}, but was deleted from the database"
                self._findings.add("checkpoint_missing", text, seq=seq)

    async def _unwitnessed(self, after: int, through: int, seqs: set[int], source: str) -> set[int]:
        column = RAW_HEAD.c.seq
        query = sa.select(column).where(column > after, column <= through)
        stored = set(await self._connection.scalars(query))
        for seq in sorted(stored - seqs):
            text = f"the checkpoint at entry {seq} is missing in {source}: its lines were deleted"
            self._findings.add("witness_missing", text, seq=seq)
        return stored

    async def _entries(self, seqs: set[int]) -> dict[int, Mapping[str, Any]]:
        rows = await raw_rows(self._connection, RAW, RAW.c.seq.in_(seqs), limit=PAGE)
        return {row["seq"]: row for row in rows}


def _head(row: Mapping[str, Any]) -> Head:
    return Head(row["seq"], str(row["hash"]), str(row["at"]), str(row["reason"]), str(row["signature"]))
