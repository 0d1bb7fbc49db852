"""The staged copy of one feed: a SQLite file of ours, readable by us alone, sorted by employee id."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Entry = tuple[str, str, int, str, str]
"""id, look-alike key, line, record, digest."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two rows of one file that name the same id, or two ids people would take for one."""

    id: str
    line: int
    first_id: str
    first_line: int


class Spool:
    """One staged feed on disk. Not for two threads at a time; `close` removes the file."""

    def __init__(self, folder: Path, prefix: str) -> None:
        # mkstemp makes the file with mode 0600 before anything is in it.
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=".spool", dir=folder)
        os.close(handle)
        self.path = Path(name)
        self._db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        # Nothing here outlives the process: no journal, no syncing; sorting goes to disk, not memory.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", "cache_size=-4096"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(
            "CREATE TABLE entry (id TEXT NOT NULL, alike TEXT NOT NULL, line INTEGER NOT NULL,"
            " record TEXT NOT NULL, digest TEXT NOT NULL)"
        )

    def add(self, entries: Sequence[Entry]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", entries)
        self._db.execute("COMMIT")

    def sort(self) -> None:
        """Index what was added; SQLite's BINARY order of UTF-8 is the order of code points."""
        self._db.execute("CREATE INDEX by_id ON entry (id)")
        self._db.execute("CREATE INDEX by_alike ON entry (alike, line)")

    def twins(self) -> Iterator[Twin]:
        """Yield every row whose id, or look-alike, stood in an earlier line."""
        rows = self._db.execute(
            "SELECT e.id, e.line, f.id, f.line FROM entry e JOIN"
            " (SELECT alike, min(line) AS line FROM entry GROUP BY alike HAVING count(*) > 1) t"
            " ON e.alike = t.alike AND e.line > t.line"
            " JOIN entry f ON f.alike = t.alike AND f.line = t.line ORDER BY e.line"
        )
        return (Twin(*row) for row in rows)

    def batch(self, after: str | None, size: int) -> list[tuple[str, str, str]]:
        """Give up to `size` (id, record, digest), in order of id, from behind `after`."""
        return self._db.execute(
            "SELECT id, record, digest FROM entry WHERE ? IS NULL OR id > ? ORDER BY id LIMIT ?",
            (after, after, size),
        ).fetchall()

    def in_file_order(self) -> Iterator[tuple[str, str]]:
        """Yield (id, look-alike key) of every row, as it was added."""
        return iter(self._db.execute("SELECT id, alike FROM entry ORDER BY rowid"))

    def holds(self, one: str) -> bool:
        """Tell whether a row has this id; after `sort`."""
        return self._db.execute("SELECT 1 FROM entry WHERE id = ?", (one,)).fetchone() is not None

    def close(self) -> None:
        self._db.close()
        self.path.unlink(missing_ok=True)
