"""The audit log: entries chained inside the caller's transaction, and their signed head kept outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.asked import ASKED
from bot.audit.chain import RAW, RAW_HEAD, entry_hash
from bot.audit.entry import Entry
from bot.audit.findings import Verification
from bot.audit.head import Head, HeadProblem, append_witness, last_witnessed, read_head, write_head
from bot.audit.keys import SigningKeys
from bot.audit.rows import stored_row
from bot.audit.seal import unseal
from bot.audit.subjects import destroy_subject, find_subjects, keys_of, subjects_for
from bot.audit.verify import Progress, verify_log
from bot.store.audit_tables import GENESIS
from bot.store.db import Store
from bot.store.types import instant_text

__all__ = ["AuditLog", "Entry", "open_audit"]

CHECKPOINT_EVERY: Final = 1000

logger = structlog.get_logger(__name__)


class AuditLog:
    """Appends, signs, verifies and reveals; holds nothing that another process could make stale."""

    def __init__(
        self,
        store: Store,
        keys: SigningKeys,
        head_path: Path,
        witness_path: Path,
        now: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.keys = keys
        self.head_path = head_path
        self.witness_path = witness_path
        self._now = now
        self._unsigned = False

    async def append(self, tx: AsyncConnection, *entries: Entry) -> int:
        """Write entries in the caller's write transaction; returns the last entry's `seq`.

        The chain's end is read from the database each time, under the write lock that `Store.write` and
        `Store.batch` hold, so several processes may append. Nothing is refused for its contents: a secret is
        stored as `[redacted]`.
        """
        return await tx.run_sync(self.append_in, *entries)

    def append_in(self, tx: Connection, *entries: Entry) -> int:
        """Write entries as `append` does, for work that runs whole in a thread (`Store.batch`)."""
        seq, last_hash = _end_of_chain(tx)
        if not entries:
            return seq
        at = self._now()
        ids = [entry.person_id for entry in entries if entry.person_id is not None]
        subjects = subjects_for(tx, ids, at)
        rows, first = [], seq + 1
        for seq, entry in enumerate(entries, first):
            subject = subjects[entry.person_id] if entry.person_id is not None else None
            row = stored_row(entry, seq, instant_text(at), subject, last_hash)
            row["request_id"] = row["request_id"] or ASKED.get()
            row["hash"] = last_hash = entry_hash(row)
            rows.append(row)
        tx.execute(RAW.insert(), rows)
        self._unsigned = True
        if seq // CHECKPOINT_EVERY > (first - 1) // CHECKPOINT_EVERY:
            head = self._sign(seq, last_hash, f"every {CHECKPOINT_EVERY} entries")
            tx.execute(RAW_HEAD.insert(), asdict(head))
        return seq

    async def write_head(self) -> None:
        """Sign the committed end of the chain into the head file, if something was appended since.

        Made for `Store.after_commit`: what is committed is committed, so a head that cannot be written is
        logged and tried again at the next write, never raised.
        """
        try:
            await self._write_outside()
        except (OSError, HeadProblem) as problem:
            logger.error("audit_head_not_written", path=str(self.head_path), problem=str(problem))  # noqa: TRY400 - said, not traced

    async def checkpoint(self, reason: str) -> None:
        """Sign the chain's end into the database and the witness file; raises OSError, StoreProblem."""
        async with self.store.write() as tx:
            seq, last_hash = await tx.run_sync(_end_of_chain)
            stored = await tx.scalar(sa.select(sa.func.max(RAW_HEAD.c.seq)))
            if seq > (stored or 0):
                await tx.execute(RAW_HEAD.insert(), asdict(self._sign(seq, last_hash, reason)))
                self._unsigned = True
        await self._write_outside()

    async def verify(self, *, progress: Progress | None = None, heads_only: bool = False) -> Verification:
        """Recompute the chain and hold it against every signed head, in the database and outside.

        `heads_only` skips the chain: for each start, to find a log that was cut or rolled back.
        """
        return await verify_log(
            self.store,
            self.keys,
            self.head_path,
            self.witness_path,
            progress=progress,
            heads_only=heads_only,
        )

    async def reveal(
        self, rows: Sequence[Mapping[str, Any]], *, actor: str, reason: str = ""
    ) -> list[Mapping[str, object] | None]:
        """Decrypt the sealed fields of rows, after logging that `actor` saw them.

        A row is any mapping with `seq`, `subject` and `sealed`, as `search` gives.

        None for a row without sealed fields, or whose key was destroyed.
        """
        seqs = [row["seq"] for row in rows if row["sealed"]]
        if seqs:
            async with self.store.write() as tx:
                detail = {"entries": seqs, "reason": reason}
                await self.append(tx, Entry(Action.AUDIT_REVEAL, actor, detail=detail))
        async with self.store.read() as connection:
            return await unsealed(connection, rows)

    async def destroy_key(self, tx: AsyncConnection, person_id: str, *, actor: str, reason: str = "") -> bool:
        """Erase a person: destroy their key and the tie to their pseudonym; False if never logged.

        The chain stays whole; what was sealed can never be read again. The erasure is logged first, and names
        the pseudonym only.
        """
        if not await find_subjects(tx, [person_id]):
            return False
        erasure = Entry(Action.AUDIT_ERASE, actor, person_id=person_id, detail={"reason": reason})
        await self.append(tx, erasure)
        await destroy_subject(tx, person_id, self._now())
        return True

    def _sign(self, seq: int, last_hash: str, reason: str) -> Head:
        return Head.signed(self.keys, seq=seq, hash=last_hash, at=instant_text(self._now()), reason=reason)

    async def _write_outside(self) -> None:
        if not self._unsigned:
            return
        standing, witness = read_head(self.head_path), last_witnessed(self.witness_path)
        async with self.store.read() as connection:
            end = await _end_of_log(connection, standing, witness)
            if not end.continues:
                logger.error("audit_database_does_not_continue_its_head", path=str(self.head_path))
                return  # the evidence stays as it is; `verify` says what is wrong
            seen = witness.seq if witness else 0
            due = await _checkpoints_after(connection, seen) if end.checkpoint > seen else []
        await asyncio.to_thread(self._to_files, self._sign(end.seq, end.hash, "head"), due)
        self._unsigned = False

    def _to_files(self, head: Head, due: list[Head]) -> None:
        # The witness first: then each checkpoint up to the head is known to have been witnessed.
        if due:
            append_witness(self.witness_path, due)
        write_head(self.head_path, head)


async def open_audit(
    store: Store,
    directory: Path,
    now: Callable[[], datetime],
    *,
    witness_path: Path | None = None,
) -> AuditLog:
    """Open the log of a store with its keys in `directory`, and sign a head after each commit.

    Raises KeyProblem when entries exist and their private key does not.
    """
    async with store.read() as connection:
        entries, _ = await connection.run_sync(_end_of_chain)
    keys = SigningKeys.open(directory, entries=entries)
    log = AuditLog(
        store,
        keys,
        directory / "audit-head.json",
        witness_path or directory / "audit-witness.jsonl",
        now,
    )
    store.after_commit = log.write_head
    return log


async def unsealed(
    connection: AsyncConnection, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, object] | None]:
    """Decrypt each row's sealed fields; None where there are none or the key is gone. Logs nothing."""
    rows = list(rows)
    keys = await keys_of(connection, {row["subject"] for row in rows if row["sealed"]})
    return [
        unseal(keys[row["subject"]], row["subject"], row["sealed"])
        if row["sealed"] and row["subject"] in keys
        else None
        for row in rows
    ]


def _end_of_chain(connection: Connection) -> tuple[int, str]:
    query = sa.select(RAW.c.seq, RAW.c.hash).order_by(RAW.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


@dataclass(frozen=True, slots=True)
class _End:
    seq: int
    hash: str
    checkpoint: int
    continues: bool
    """Whether the entries that heads outside the database name still have the hashes they name."""


async def _end_of_log(connection: AsyncConnection, *known: Head | None) -> _End:
    """Read in one statement what a commit's head needs: each statement is a change of threads."""
    heads = [head for head in known if head is not None]
    claims = [sa.select(RAW.c.hash).where(RAW.c.seq == head.seq).scalar_subquery() for head in heads]
    checkpoint = sa.select(sa.func.max(RAW_HEAD.c.seq)).scalar_subquery()
    query = sa.select(RAW.c.seq, RAW.c.hash, checkpoint, *claims).order_by(RAW.c.seq.desc()).limit(1)
    row = (await connection.execute(query)).first()
    if row is None:
        return _End(0, GENESIS, 0, continues=not heads)
    seq, last_hash, stored, *found = row
    return _End(seq, last_hash, stored or 0, continues=found == [head.hash for head in heads])


async def _checkpoints_after(connection: AsyncConnection, seq: int) -> list[Head]:
    columns = RAW_HEAD.c
    query = sa.select(columns.seq, columns.hash, columns.at, columns.reason, columns.signature)
    rows = await connection.execute(query.where(columns.seq > seq).order_by(columns.seq))
    return [Head(*row) for row in rows]
