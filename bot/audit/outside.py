"""Keeps a signed head of the committed log outside the database, after each commit, for little."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from bot.audit.chain import RAW, RAW_HEAD
from bot.audit.head import (
    WITNESSED,
    Head,
    HeadProblem,
    append_witness,
    head_content,
    last_witnessed,
    newest,
    write_head,
)

logger = structlog.get_logger(__name__)

Sign = Callable[[int, str, str], Head]
"""Signs the chain's end: number and hash of its last entry, and why."""


class End(NamedTuple):
    """Where the log ends in one transaction."""

    seq: int
    hash: str
    checkpoint: int
    """The entry the last checkpoint in the database names, 0 if there is none."""


@dataclass(slots=True)
class _Due:
    """What is to be written once a transaction is committed."""

    transaction: object
    end: End
    continues: bool = True
    """Whether the entries that heads outside the database name still have the hashes they name."""
    witness: tuple[Head, ...] = ()
    problem: OSError | HeadProblem | None = None


class _Left(NamedTuple):
    """How this process left things: the log ended there, and the files held this."""

    end: End
    content: bytes | None
    witness: tuple[int, int, int] | None


class SignedEnd:
    """The head file and the witness file of one installation, as one process writes them.

    What it left is all it remembers: where the database or a file is found otherwise (another process wrote,
    a backup was put back), everything is looked at anew, inside the transaction that writes.
    """

    def __init__(self, head_path: Path, witness_path: Path, sign: Sign) -> None:
        self._head_path = head_path
        self._witness_path = witness_path
        self._sign = sign
        self._due: _Due | None = None
        self._left: _Left | None = None
        self.behind = False
        """Whether a commit of this process still lacks its head."""
        self.problem: OSError | HeadProblem | None = None
        """Why the last head could not be written."""

    def follow(self, tx: Connection, begun: End, end: End) -> None:
        """Note that a write transaction moves the log's end, and see whether that continues what is outside.

        `begun`: the end as the transaction found it. Raises nothing of the files: that is said by `write`.
        """
        due, transaction = self._due, tx.get_transaction()
        same = due is not None and due.transaction is transaction and due.end == begun
        if same and due is not None and end.checkpoint == begun.checkpoint:
            due.end = end
        elif begun.checkpoint == end.checkpoint and self._as_left(begun):
            self._due = _Due(transaction, end)
        else:
            self._due = self._looked(tx, transaction, end)

    def owes(self, committed: object) -> bool:
        """Whether the transaction just committed moved the end; one rolled back is owed nothing."""
        return self._due is not None and self._due.transaction is committed

    def write(self, committed: object) -> None:
        """Sign the end that a transaction committed into the head file; what fails is logged, never raised.

        What is committed is committed: a head that cannot be written is tried again with the next entry.
        """
        due, self._due = self._due, None
        if due is None or due.transaction is not committed:
            return
        self.behind, self.problem = True, due.problem
        if not due.continues:
            # The evidence stays as it is; `verify` says what is wrong.
            logger.error("audit_database_does_not_continue_its_head", path=str(self._head_path))
            return
        try:
            self._to_files(due)
        except (OSError, HeadProblem) as problem:
            self.problem = problem
            logger.error("audit_head_not_written", path=str(self._head_path), problem=str(problem))  # noqa: TRY400 - said, not traced

    def _to_files(self, due: _Due) -> None:
        if due.problem is not None:
            raise due.problem
        # The witness first: then each checkpoint up to the head is known to have been witnessed.
        if due.witness:
            append_witness(self._witness_path, [*due.witness])
        content = write_head(
            self._head_path, self._sign(due.end.seq, due.end.hash, f"{WITNESSED}{due.end.checkpoint}")
        )
        self._left = None if content is None else _Left(due.end, content, self._stamp())
        self.behind = False

    def _as_left(self, begun: End) -> bool:
        """Whether the log goes on exactly where this process left it, with both files untouched."""
        left = self._left
        if left is None or left.end != begun:
            return False
        try:
            return head_content(self._head_path) == left.content and self._stamp() == left.witness
        except OSError:
            return False

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._witness_path)  # noqa: PTH116 - after each commit; a Path costs as much again
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _looked(self, tx: Connection, transaction: object, end: End) -> _Due:
        """Hold the heads outside against the database, and find the checkpoints nobody witnessed here."""
        try:
            content = head_content(self._head_path)
            standing = None if content is None else newest(content)
            witness = last_witnessed(self._witness_path)
        except (OSError, HeadProblem) as problem:
            return _Due(transaction, end, problem=problem)
        continues = all(_stands(tx, head) for head in (standing, witness) if head is not None)
        return _Due(transaction, end, continues, _checkpoints_after(tx, witness.seq if witness else 0))


def _stands(tx: Connection, head: Head) -> bool:
    return tx.scalar(sa.select(RAW.c.hash).where(RAW.c.seq == head.seq)) == head.hash


def _checkpoints_after(tx: Connection, seq: int) -> tuple[Head, ...]:
    columns = RAW_HEAD.c
    query = sa.select(columns.seq, columns.hash, columns.at, columns.reason, columns.signature)
    rows = tx.execute(query.where(columns.seq > seq).order_by(columns.seq))
    return tuple(Head(*row) for row in rows)
