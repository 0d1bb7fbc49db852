"""The lines of one sound file as digests: one of each line, one of each block of lines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .text_table import MAX_LINE

LINES = 64
"""In a block: few, so that a changed line makes few others be hashed; enough, so that blocks are few."""
SIZE = 16
"""Bytes of a digest; 128 bits, keyed: nobody can make two lines that share one."""


def line_digest(line: bytes, key: bytes) -> bytes:
    """Give the keyed digest of one line, its line break included."""
    return hashlib.blake2b(line, digest_size=SIZE, key=key).digest()


def block_digest(lines: bytes | memoryview) -> bytes:
    """Give the digest of a block of whole lines; SHA-256 because processors have instructions for it."""
    return hashlib.sha256(lines).digest()[:SIZE]


class Block(NamedTuple):
    """Lines that stand together: what they hash to, and how far they reach."""

    digest: bytes
    first: bytes
    """Digest of the first line, by which the place of a block is found again."""
    size: int
    """Bytes."""
    lines: int


@dataclass(slots=True)
class LineDigests:
    """What a file of one record per line looked like."""

    head: bytes
    """Digest of everything up to the end of the header line."""
    head_size: int
    blocks: list[Block] = field(default_factory=list)
    digests: bytearray = field(default_factory=bytearray)
    """Of each line after the header, `SIZE` bytes each, in the order of the file."""


def digest_lines(path: Path, header_line: int, rows: int, key: bytes) -> LineDigests | None:
    """Digest a file whose `rows` records follow the header line, each on a line of its own.

    None where the count does not come out: a record over two lines, or two on one, is not a line.
    """
    with path.open("rb") as stream:
        head = b"".join(stream.readline(MAX_LINE * 4) for _ in range(header_line))
        found = LineDigests(block_digest(head), len(head))
        while _add_block(stream, found, key):
            pass
    return found if len(found.digests) == rows * SIZE and rows else None


def _add_block(stream: BinaryIO, found: LineDigests, key: bytes) -> bool:
    lines = [line for line in (stream.readline() for _ in range(LINES)) if line]
    if lines:
        digests = [line_digest(line, key) for line in lines]
        found.blocks.append(block_of(lines, digests))
        found.digests += b"".join(digests)
    return len(lines) == LINES


def block_of(lines: list[bytes], digests: list[bytes]) -> Block:
    """Make a block of lines that stand together."""
    whole = b"".join(lines)
    return Block(block_digest(whole), digests[0], len(whole), len(lines))
