"""From a file read record by record to what is kept of its lines, where one line is one record throughout."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from connectors.hr.contract import FeedMode

from .config import CsvFileConfig
from .facts import Tally
from .line_digests import LINES, SIZE, LineDigests, digest_lines
from .line_store import Layout, Part, hashed, new_key, write_store
from .manifest import manifest
from .reader_version import reader_version
from .spool import Spool
from .table import Table

_ENCODINGS = frozenset(("utf-8", "utf-8-sig"))
"""In which a line is text or not by itself. Windows-1256 is found by what the whole file looks like, and in
UTF-16 the byte of a line break stands inside other letters."""


@dataclass(frozen=True, slots=True)
class SoundLines:
    """The lines of a staged file, kept in memory (17 bytes each) until the feed is accepted."""

    key: bytes
    layout: Layout
    digests: LineDigests
    left: bytes
    """1 for each line with a terminated person."""


def sound_lines(config: CsvFileConfig, table: Table, copy: Path, tally: Tally) -> SoundLines | None:
    """Digest the lines of a file that was just read; None where the next one must be read whole as well."""
    plain = config.mode is FeedMode.SNAPSHOT and table.encoding in _ENCODINGS
    if not plain or tally.dated or not tally.lines_are_records:
        return None
    if not _header_ends_with_its_line(copy, table.encoding, tally.header_line):
        return None
    key = new_key()
    digests = digest_lines(copy, tally.header_line, tally.rows, key)
    if digests is None:
        return None
    try:
        reader = reader_version(config)
    except OSError:  # our own source cannot be read here: no reason to refuse a sound file
        return None
    layout = Layout(
        reader=reader,
        head=digests.head,
        head_size=digests.head_size,
        header_line=tally.header_line,
        header=tally.header,
        encoding=table.encoding,
        delimiter=table.delimiter,
    )
    return SoundLines(key, layout, digests, bytes(tally.left))


def keep_lines(path: Path, feed: str, lines: SoundLines | None, spool: Spool) -> None:
    """Keep the lines of an accepted feed in place of those of the one before."""
    if lines is None:
        path.unlink(missing_ok=True)
        return
    key = lines.key
    people = ((hashed(alike, key), hashed(one, key)) for one, alike in spool.in_file_order())
    write_store(path, feed, key, lines.layout, _blocks(lines, spool), people)


def _blocks(lines: SoundLines, spool: Spool) -> Iterator[Part]:
    ids = (one for one, _ in spool.in_file_order())
    for at, block in enumerate(lines.digests.blocks):
        start, end = at * LINES, at * LINES + block.lines
        digests = bytes(lines.digests.digests[start * SIZE : end * SIZE])
        yield block, digests, list(zip(lines.left[start:end], islice(ids, block.lines), strict=True))


def _header_ends_with_its_line(copy: Path, encoding: str, header_line: int) -> bool:
    """Tell whether the delimiter is found from these lines alone, whichever one is tried on them."""
    with copy.open(encoding=encoding, newline="") as stream:
        head = list(islice(stream, header_line))
    return all(
        list(csv.reader([*head, "end\n"], delimiter=mark))[-1:] == [["end"]]
        for mark in manifest()["delimiters"]
    )
