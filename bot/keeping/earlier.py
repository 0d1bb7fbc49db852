"""What a restore puts aside and learns from: the installation that stood there before, if there was one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.audit.head import Head, HeadProblem, last_witnessed, read_head


@dataclass(frozen=True, slots=True)
class Earlier:
    """How far its log reached, and who was erased in it."""

    head: Head | None
    """The signed head that reaches furthest, of the head file and the witness file."""
    erased: tuple[str, ...]
    """Pseudonyms whose keys were destroyed."""
    readable: bool
    """Whether its database could be read for that; False where there is none."""

    @classmethod
    def read(cls, data_dir: Path, witness: Path, database: Path) -> Self:
        """Read what can be read, changing nothing: a restore begins where much may be broken."""
        erased = _erased(database)
        return cls(_furthest(data_dir / "audit-head.json", witness), erased or (), erased is not None)


def _furthest(head_path: Path, witness: Path) -> Head | None:
    try:
        head = read_head(head_path)
    except (HeadProblem, OSError):
        head = None
    found = [one for one in (head, last_witnessed(witness)) if one is not None]
    return max(found, key=lambda one: one.seq, default=None)


def _erased(database: Path) -> tuple[str, ...] | None:
    if not database.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            query = "SELECT pseudonym FROM subject WHERE destroyed_at IS NOT NULL"
            return tuple(row[0] for row in connection.execute(query))
    except sqlite3.Error:
        return None
