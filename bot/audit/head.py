"""Signed heads outside the database: the newest in a head file, checkpoints in a witness file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from bot.audit.keys import SigningKeys

WITNESSED = "head; witnessed through "
"""How the reason of a head file's heads begins; other hosts' later checkpoints are not due here yet."""

_LOCK_SECONDS = 10.0
_LOCK_LOOK_SECONDS = 0.002
_LONGEST_TAIL = 16_384
_SLOT = 512


class HeadProblem(ValueError):
    """A head file or witness line is not what Bawab writes."""


@dataclass(frozen=True, slots=True)
class Head:
    """At entry `seq` the chain's hash was `hash`; signed at `at` (UTC, stored text) because of `reason`."""

    seq: int
    hash: str
    at: str
    reason: str
    signature: str

    @classmethod
    def signed(cls, keys: SigningKeys, *, seq: int, hash: str, at: str, reason: str) -> Self:  # noqa: A002 - the column is called so
        """Sign a head; raises KeyProblem without the private key."""
        return cls(seq, hash, at, reason, keys.sign(head_message(seq, hash, at, reason)))

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Read one line of JSON; raises HeadProblem."""
        try:
            fields = orjson.loads(line)
            texts = [fields[name] for name in ("hash", "at", "reason", "signature")]
            seq = fields["seq"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise HeadProblem("not a head in JSON") from error
        if type(seq) is not int or not all(isinstance(text, str) for text in texts):
            raise HeadProblem("a head's fields have the wrong types")
        return cls(seq, *texts)

    @property
    def witnessed(self) -> int:
        """The last checkpoint that stood in this host's witness file when the head was signed."""
        told = self.reason.removeprefix(WITNESSED)
        return int(told) if told != self.reason and told.isdecimal() else self.seq

    def genuine(self, keys: SigningKeys) -> bool:
        """Whether the signature is by these keys, over exactly these values."""
        return keys.verifies(head_message(self.seq, self.hash, self.at, self.reason), self.signature)

    def line(self) -> bytes:
        """Spell as one line of JSON with a newline."""
        return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)


def head_message(seq: int, hash: str, at: str, reason: str) -> bytes:  # noqa: A002 - the column is called so
    """Spell what is signed: a fixed label and the four values, one a line, the free text last."""
    return f"bawab-audit-head-1\n{seq}\n{hash}\n{at}\n{reason}".encode()


def read_head(path: Path) -> Head | None:
    """Read the newer of the head file's two lines, None if there is no file; raises HeadProblem."""
    content = head_content(path)
    return None if content is None else newest(content)


def head_content(path: Path) -> bytes | None:
    """Read both lines as they stand, None if there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return os.pread(descriptor, _LONGEST_TAIL, 0)
    finally:
        os.close(descriptor)


def newest(content: bytes) -> Head:
    """Give the newer of a head file's two lines; raises HeadProblem if neither is a head."""
    # By length, not by line: a torn line may have lost its end.
    heads = _heads([content[:_SLOT], content[_SLOT:]])
    if not heads:
        raise HeadProblem("neither of its two lines is a head in JSON")
    return max(heads, key=lambda head: (head.seq, head.witnessed))


def write_head(path: Path, head: Head) -> bytes | None:
    """Write a newer head over the older of two lines, forced to disk; raises OSError, HeadProblem.

    A crash can tear only the line being written, and the other still stands. A new file renamed into place
    would be as safe, but costs about ten times as much, after every commit. Gives the whole file as it then
    stands; None if another process was faster.
    """
    with _alone(path):
        content = head_content(path)
        standing = None if content is None else newest(content)
        if standing is not None and not _is_newer(head, standing):
            return None
        line = head.line().rstrip().ljust(_SLOT - 1) + b"\n"
        if content is None or standing is None:
            content, first = b"", True
        else:
            first = _heads([content[:_SLOT]]) != [standing]
        _put(path, line, 0 if first else _SLOT)
        return line + content[_SLOT:] if first else content[:_SLOT] + line


def _is_newer(head: Head, standing: Head) -> bool:
    """Whether a head says more: of a later entry, or of a later checkpoint at the same one."""
    same = (head.seq, head.hash) == (standing.seq, standing.hash)
    return head.seq > standing.seq or (same and head.witnessed > standing.witnessed)


def _put(path: Path, line: bytes, where: int) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, line, where)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock file beside a path; raises TimeoutError when another process keeps it."""
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # which also lets the lock go


def _wait_for(descriptor: int, path: Path) -> None:
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(f"another process keeps {path}.lock for over {_LOCK_SECONDS} s") from None
            time.sleep(_LOCK_LOOK_SECONDS)


def _heads(lines: list[bytes]) -> list[Head]:
    """Read the lines that are heads."""
    found = []
    for line in lines:
        with suppress(HeadProblem):
            found.append(Head.parse(line))
    return found


def append_witness(path: Path, heads: list[Head]) -> None:
    """Append the checkpoints not yet witnessed, and force them to disk; raises OSError."""
    with _alone(path):
        tail = _tail(path)
        last = _last_head(tail)
        seen = last.seq if last else 0
        with path.open("ab") as file:
            if tail and not tail.endswith(b"\n"):
                file.write(b"\n")  # a torn line: what it was to say is written again, whole
            file.writelines(head.line() for head in heads if head.seq > seen)
            file.flush()
            os.fsync(file.fileno())


def last_witnessed(path: Path) -> Head | None:
    """Read the last whole checkpoint of the witness file, None if there is none."""
    return _last_head(_tail(path))


def witnessed(path: Path, *, size: int) -> Iterator[Head | HeadProblem]:
    """Read the first `size` bytes of the witness file; a line that is no head comes as the problem it is.

    The beginning of a line, left by a crash, is no problem: it is the last, or the next line repeats it.
    """
    torn, number, whole = b"", 0, False
    for number, line in enumerate(_lines(path, size), 1):
        if torn and not line.startswith(torn):
            yield HeadProblem(f"line {number - 1} of {path} is not a checkpoint")
        torn = b""
        try:
            yield Head.parse(line)
        except HeadProblem:
            torn = line.rstrip(b"\n") or b"\n"
            whole = line.endswith(b"\n")
    if torn and whole:
        yield HeadProblem(f"line {number} of {path} is not a checkpoint")


def _lines(path: Path, size: int) -> Iterator[bytes]:
    if not size:
        return
    with path.open("rb") as file:
        for line in file:
            if size <= 0:
                return
            yield line[:size]
            size -= len(line)


def _tail(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_TAIL))
            return file.read()
    except FileNotFoundError:
        return b""


def _last_head(tail: bytes) -> Head | None:
    heads = _heads(tail.splitlines())
    return heads[-1] if heads else None
