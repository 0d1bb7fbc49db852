"""What is kept of the last accepted snapshot of a source: digests of its lines, and whose line each was.

One SQLite file beside the spool, for its owner alone. It is written only after the database has accepted
the feed, and says which feed that was: whatever else the database calls its last one, it is not used.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import orjson

from .line_digests import SIZE, Block

_INDEX = struct.Struct(f"<{SIZE}s{SIZE}sIIII")
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE block (id INTEGER PRIMARY KEY, digests BLOB NOT NULL, left BLOB NOT NULL, ids TEXT NOT NULL);
CREATE TABLE person (alike INTEGER PRIMARY KEY, id INTEGER NOT NULL);
"""
_CACHE = "PRAGMA cache_size=-24576"


class Kept(NamedTuple):
    """A `Block` and where its lines are kept; `left` counts the terminated among them."""

    digest: bytes
    first: bytes
    size: int
    lines: int
    left: int
    id: int


Who = tuple[int, str]
"""On a line: whether the person is terminated (1 or 0), and the employee id. Plain, for there are many."""
Part = tuple[Block, bytes, Sequence[Who]]
"""A block as it is stored: itself, the digests of its lines end to end, and who stands on each."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be the same in the next file for its lines to be compared at all."""

    reader: str
    """See `reader_version`."""
    head: bytes
    head_size: int
    header_line: int
    header: tuple[str, ...]
    encoding: str
    delimiter: str


def store_path(spool: Path, source: str) -> Path:
    """Give the file that keeps the lines of a source; a name may hold what a file's name may not."""
    return spool / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.lines"


def hashed(text: str, key: bytes) -> int:
    """Give 64 keyed bits of an id, as SQLite keeps integers."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=key).digest(), signed=True)


def new_key() -> bytes:
    """Make the key of a new store: without it a digest of a line tells nothing, even of a guessed one."""
    return secrets.token_bytes(16)


class LineStore:
    """The kept lines of one snapshot. Not for two threads at a time; `close` when done."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.key: bytes = self._meta("key")
        self.feed: str = self._meta("feed").decode()
        layout = orjson.loads(self._meta("layout"))
        layout |= {"head": bytes.fromhex(layout["head"]), "header": tuple(layout["header"])}
        self.layout = Layout(**layout)
        self.index = [*map(Kept._make, _INDEX.iter_unpack(self._meta("index")))]

    @classmethod
    def open(cls, path: Path, feed: str) -> LineStore | None:
        """Open what is kept of `feed`; None where nothing is, or it cannot be read: that is no fault."""
        if not path.is_file():
            return None
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with suppress(sqlite3.Error, LookupError, TypeError, ValueError, struct.error):
            store = cls(db)
            if store.feed == feed:
                return store
        db.close()
        return None

    def lines(self, block: int) -> dict[bytes, Who]:
        """Give digest → who, in order, of one block. Raises LookupError where they are not all there."""
        row = self._db.execute("SELECT digests, left, ids FROM block WHERE id = ?", (block,)).fetchone()
        if row is None:
            raise LookupError(f"block {block} is not kept")
        digests, left, ids = row
        names = ids.split("\n")
        if not len(digests) == len(names) * SIZE == len(left) * SIZE:
            raise LookupError(f"block {block} is damaged")
        cut = [digests[at : at + SIZE] for at in range(0, len(digests), SIZE)]
        return dict(zip(cut, zip(left, names, strict=True), strict=True))

    def person(self, alike: int) -> int | None:
        """Give the hash of the id that stands under the hash of a look-alike key; None where none does."""
        row = self._db.execute("SELECT id FROM person WHERE alike = ?", (alike,)).fetchone()
        return None if row is None else int(row[0])

    def advance(
        self,
        feed: str,
        order: Iterable[Kept | list[Part]],
        gone: Iterable[int],
        come: Iterable[tuple[int, int]],
    ) -> None:
        """Make this the store of a newer feed, all of it or nothing: `order` is its blocks, kept or new."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._require_unchanged()
            index = _renew(self._db, self.index, order)
            self._db.executemany("DELETE FROM person WHERE alike = ?", ((alike,) for alike in gone))
            self._db.executemany("INSERT INTO person VALUES (?, ?)", come)
            _put(self._db, {"index": index, "feed": feed.encode()})
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._db.close()

    def _require_unchanged(self) -> None:
        if self._meta("feed").decode() != self.feed:
            raise LookupError("another process has advanced the lines of this source")

    def _meta(self, name: str) -> bytes:
        value: bytes = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]
        return value


def write_store(
    path: Path,
    feed: str,
    key: bytes,
    layout: Layout,
    blocks: Iterable[Part],
    people: Iterable[tuple[int, int]],
) -> None:
    """Write the store of a feed anew, beside the old one, and put it in its place when it is on disk.

    Raises sqlite3.Error or OSError, and leaves nothing behind.
    """
    handle, name = tempfile.mkstemp(prefix=".bawab-lines-", suffix=".spool", dir=path.parent)
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as db:
            db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_CACHE}; {_TABLES}")
            db.execute("BEGIN")
            written = [_insert(db, number, part) for number, part in enumerate(blocks)]
            db.executemany("INSERT INTO person VALUES (?, ?)", people)
            plain = {**_plain(layout), "head": layout.head.hex()}
            meta = {"key": key, "feed": feed.encode(), "layout": orjson.dumps(plain)}
            _put(db, {**meta, "index": _packed(written)})
            db.execute("COMMIT")
        _to_disk(Path(name))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _renew(db: sqlite3.Connection, old: Sequence[Kept], order: Iterable[Kept | list[Part]]) -> bytes:
    """Write the new blocks, drop those that are no longer there, and give the index in order."""
    number = max((part.id for part in old), default=0)
    index: list[Kept] = []
    for part in order:
        if isinstance(part, Kept):
            index.append(part)
            continue
        for new in part:
            number += 1
            index.append(_insert(db, number, new))
    stay = {part.id for part in index}
    db.executemany("DELETE FROM block WHERE id = ?", ((part.id,) for part in old if part.id not in stay))
    return _packed(index)


def _insert(db: sqlite3.Connection, number: int, part: Part) -> Kept:
    block, digests, people = part
    left = bytes([who[0] for who in people])
    ids = "\n".join([who[1] for who in people])
    db.execute("INSERT INTO block VALUES (?, ?, ?, ?)", (number, digests, left, ids))
    return Kept(*block, sum(left), number)


def _packed(index: Iterable[Kept]) -> bytes:
    return b"".join(_INDEX.pack(*kept) for kept in index)


def _put(db: sqlite3.Connection, values: dict[str, bytes]) -> None:
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def _plain(layout: Layout) -> dict[str, object]:
    return {name: getattr(layout, name) for name in Layout.__slots__}


def _to_disk(path: Path) -> None:
    """A store half on disk under its final name could miss people: it gets the name when all of it is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
