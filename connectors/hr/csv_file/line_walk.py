"""A new file beside the kept lines of the last one: what stood there already is passed over, not parsed.

Blocks that hash alike are passed over whole. Where one does not, its lines are hashed one by one until
some kept block begins again; only a line that is nowhere among the kept ones is given out to be read.
"""

from __future__ import annotations

import hashlib
import threading
from typing import BinaryIO

from .line_digests import LINES, Block, block_digest, block_of, line_digest
from .line_store import Kept, LineStore, Who
from .reading import Cancelled
from .text_table import MAX_LINE

MOST = 250_000
"""Lines that may be hashed one by one, here and in the old file: beyond that memory would grow with the file,
and reading every record is not much dearer."""
_CHUNK = 1 << 20


class Unlike(Exception):
    """This file cannot be told by the lines of the last one; it must be read record by record."""


class Window:
    """A file read once from front to end, hashed as it goes by, with a view of what comes next."""

    def __init__(self, stream: BinaryIO, cancelled: threading.Event) -> None:
        self._stream = stream
        self._cancelled = cancelled
        self._held = b""
        self._at = 0
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.last = b""
        """The last byte of the file so far."""

    @property
    def sha256(self) -> str:
        """Of what has been read so far."""
        return self._sha256.hexdigest()

    def ahead(self, size: int) -> memoryview:
        """Give the next `size` bytes without passing them; fewer where the file ends."""
        if len(self._held) - self._at < size:
            self._fill(size)
        return memoryview(self._held)[self._at : self._at + size]

    def skip(self, size: int) -> None:
        """Pass by what was seen ahead."""
        self._at += size

    def line(self) -> bytes:
        """Give the next line without passing it, its break included; empty at the end of the file."""
        found = self._held.find(b"\n", self._at)
        while found < 0 and self._read():
            found = self._held.find(b"\n", self._at)
            if len(self._held) - self._at > MAX_LINE * 4 + _CHUNK:
                raise Unlike
        return self._held[self._at : len(self._held) if found < 0 else found + 1]

    def _fill(self, size: int) -> None:
        while len(self._held) - self._at < size and self._read():
            pass

    def _read(self) -> bool:
        if self._cancelled.is_set():
            raise Cancelled
        chunk = self._stream.read(_CHUNK)
        if chunk:
            self._sha256.update(chunk)
            self.size += len(chunk)
            self.last = chunk[-1:]
            self._held = self._held[self._at :] + chunk
            self._at = 0
        return bool(chunk)


class LineWalk:
    """Walks one file beside a store; `run` leaves what was found in the fields below."""

    def __init__(self, store: LineStore, window: Window) -> None:
        self._store = store
        self._window = window
        self._place = {kept.first: at for at, kept in enumerate(store.index)}
        self._counted = 0
        self.order: list[Kept | list[tuple[Block, list[bytes]]]] = []
        """The file from front to end: kept blocks, and stretches as blocks of line digests."""
        self.known: dict[bytes, Who] = {}
        """Lines of the stretches that stood in the last file too, digest → who."""
        self.fresh: dict[bytes, bytes] = {}
        """Digest → line, of those that did not."""
        self.gone: dict[bytes, Who] = {}
        """Lines of the last file that do not stand in this one, digest → who."""

    def run(self) -> None:
        """Walk to the end of the file. Raises Unlike where too much is new, or a line stands twice."""
        layout, at = self._store.layout, 0
        if block_digest(self._window.ahead(layout.head_size)) != layout.head:
            raise Unlike
        self._window.skip(layout.head_size)
        while at < len(self._store.index) or self._window.ahead(1):
            at = at + 1 if self._pass(at) else self._stretch(at)
        for digest in self.fresh.keys() & self.gone.keys():  # moved from one place to another
            self.known[digest] = self.gone.pop(digest)
            del self.fresh[digest]

    def _pass(self, at: int) -> bool:
        """Go past the kept block with this place, if it comes next."""
        if at >= len(self._store.index) or not self._comes(at):
            return False
        kept = self._store.index[at]
        self.order.append(kept)
        self._window.skip(kept.size)
        return True

    def _comes(self, at: int) -> bool:
        """Tell whether a block comes next, and ends where a line ends."""
        block = self._store.index[at]
        ahead = self._window.ahead(block.size)
        if block_digest(ahead) != block.digest:
            return False
        return ahead[-1] == ord("\n") or len(self._window.ahead(block.size + 1)) == block.size

    def _stretch(self, at: int) -> int:
        """Hash line by line until a kept block comes; give its place, or the end of the index."""
        lines: list[bytes] = []
        digests: list[bytes] = []
        following = len(self._store.index)
        while line := self._window.line():
            digest = line_digest(line, self._store.key)
            place = self._place.get(digest, -1)
            if place > at and self._comes(place):
                following = place
                break
            self._window.skip(len(line))
            lines.append(line)
            digests.append(digest)
            if self._counted + len(lines) > MOST:
                raise Unlike
        self._counted += len(lines)
        self._compare(at, following, dict(zip(digests, lines, strict=True)), len(lines))
        self.order.append(_blocks(lines, digests))
        return following

    def _compare(self, start: int, end: int, lines: dict[bytes, bytes], count: int) -> None:
        """Tell the lines of a stretch from those of the kept blocks that it stands in place of."""
        passed = self._store.index[start:end]
        if self._counted + sum(kept.lines for kept in passed) > 2 * MOST or len(lines) < count:
            raise Unlike
        old: dict[bytes, Who] = {}
        for kept in passed:
            old |= self._store.lines(kept.id)
        self.known |= {digest: old[digest] for digest in lines.keys() & old.keys()}
        if self.fresh.keys() & lines.keys():
            raise Unlike
        self.fresh |= {digest: line for digest, line in lines.items() if digest not in old}
        self.gone |= {digest: line for digest, line in old.items() if digest not in lines}
        if len(self.gone) > MOST:
            raise Unlike


def _blocks(lines: list[bytes], digests: list[bytes]) -> list[tuple[Block, list[bytes]]]:
    """Cut a stretch into blocks anew."""
    return [
        (block_of(lines[at : at + LINES], digests[at : at + LINES]), digests[at : at + LINES])
        for at in range(0, len(lines), LINES)
    ]
