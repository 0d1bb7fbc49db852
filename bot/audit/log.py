"""The audit log: entries chained inside the caller's transaction, and their signed head kept outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.asked import ASKED
from bot.audit.chain import HASHED, RAW_HEAD, columns_hash
from bot.audit.driver import end_of_log, insert_entries
from bot.audit.entry import Entry
from bot.audit.findings import Verification
from bot.audit.head import Head
from bot.audit.keys import SigningKeys
from bot.audit.outside import End, SignedEnd
from bot.audit.rows import stored_row
from bot.audit.seal import unseal
from bot.audit.subjects import destroy_subject, find_subjects, keys_of, subjects_for
from bot.audit.verify import Progress, verify_log
from bot.store.db import Store
from bot.store.types import instant_text

__all__ = ["AuditLog", "Entry", "open_audit"]

CHECKPOINT_EVERY: Final = 1000
_SEQ: Final = HASHED.index("seq")


class AuditLog:
    """Appends, signs, verifies and reveals; what it remembers is held against the files and the database."""

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
        self._outside = SignedEnd(head_path, witness_path, self._sign)

    async def append(self, tx: AsyncConnection, *entries: Entry) -> int:
        """Write entries in the caller's write transaction; returns the last entry's `seq`.

        The chain's end is read from the database each time, under the write lock that `Store.write` and
        `Store.batch` hold, so several processes may append. Nothing is refused for its contents: a secret is
        stored as `[redacted]`.
        """
        return await tx.run_sync(self.append_in, *entries)

    def append_in(self, tx: Connection, *entries: Entry) -> int:
        """Write entries as `append` does, for work that runs whole in a thread (`Store.batch`)."""
        begun = End(*end_of_log(tx))
        if not entries:
            if self._outside.behind:
                self._outside.follow(tx, begun, begun)
            return begun.seq
        rows = self._chained(tx, entries, begun)
        insert_entries(tx, rows)
        self._outside.follow(tx, begun, self._checkpointed(tx, begun, len(rows), str(rows[-1][-1])))
        return begun.seq + len(rows)

    def _chained(
        self, tx: Connection, entries: Sequence[Entry], begun: End
    ) -> list[tuple[int | str | None, ...]]:
        """Spell entries as rows, each tied to the one before it."""
        at, asked = self._now(), ASKED.get()
        ids = [entry.person_id for entry in entries if entry.person_id is not None]
        subjects = subjects_for(tx, ids, at) if ids else {}
        rows, written, last_hash = [], instant_text(at), begun.hash
        for seq, entry in enumerate(entries, begun.seq + 1):
            subject = None if entry.person_id is None else subjects[entry.person_id]
            row = stored_row(entry, seq, written, subject, last_hash, asked)
            last_hash = columns_hash(row)
            rows.append((*row[:_SEQ], seq, *row[_SEQ + 1 :], last_hash))
        return rows

    def _checkpointed(self, tx: Connection, begun: End, added: int, last_hash: str) -> End:
        """Sign a checkpoint where so many entries have passed; gives the new end."""
        seq = begun.seq + added
        if seq // CHECKPOINT_EVERY == begun.seq // CHECKPOINT_EVERY:
            return End(seq, last_hash, begun.checkpoint)
        head = self._sign(seq, last_hash, f"every {CHECKPOINT_EVERY} entries")
        tx.execute(RAW_HEAD.insert(), asdict(head))
        return End(seq, last_hash, seq)

    async def write_head(self) -> None:
        """Sign the committed end of the chain into the head file, if the last commit moved it.

        Made for `Store.after_commit`: what is committed is committed, so a head that cannot be written is
        logged and tried again at the next write, never raised.
        """
        if self._outside.owes(self.store.committed):
            await asyncio.to_thread(self.write_head_in)

    def write_head_in(self) -> None:
        """Do the same in the thread of a `Store.batch`."""
        self._outside.write(self.store.committed)

    async def checkpoint(self, reason: str) -> None:
        """Sign the chain's end into the database and the witness file; raises OSError, StoreProblem."""
        async with self.store.write() as tx:
            await tx.run_sync(self._checkpoint_in, reason)
        if self._outside.behind and self._outside.problem is not None:
            raise self._outside.problem

    def _checkpoint_in(self, tx: Connection, reason: str) -> None:
        begun = End(*end_of_log(tx))
        if begun.seq > begun.checkpoint:
            tx.execute(RAW_HEAD.insert(), asdict(self._sign(begun.seq, begun.hash, reason)))
            self._outside.follow(tx, begun, begun._replace(checkpoint=begun.seq))
        elif self._outside.behind:
            self._outside.follow(tx, begun, begun)

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
        entries, *_ = await connection.run_sync(end_of_log)
    keys = SigningKeys.open(directory, entries=entries)
    log = AuditLog(
        store,
        keys,
        directory / "audit-head.json",
        witness_path or directory / "audit-witness.jsonl",
        now,
    )
    store.after_commit = log.write_head
    store.after_commit_in = log.write_head_in
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
