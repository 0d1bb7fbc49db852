"""Which files have finished arriving, oldest first."""

from __future__ import annotations

import hashlib
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from os import stat_result
from pathlib import Path

from connectors.errors import Unavailable
from connectors.hr.contract import Delivery

from .config import CsvFileConfig

_UNFINISHED = (".tmp", ".part", ".filepart", ".partial", ".crdownload", ".done")
_DATE = re.compile(
    r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?:[T_-]?(\d{2})[-:]?(\d{2})(?:[-:]?(\d{2}))?)?(?!\d)"
)
_CHUNK = 1 << 20

Mark = tuple[int, int, int]
"""Inode, size and mtime: another mark is another file."""


def as_of(name: str) -> datetime | None:
    """Give the date (and time, in UTC) in a file name such as hr-2026-11-20.csv; None where there is none."""
    for found in _DATE.finditer(name):
        year, _, month, day, *clock = found.groups()
        hour, minute, second = (part or "00" for part in clock)
        for clock_text in (f"{hour}:{minute}:{second}", "00:00"):
            try:
                return datetime.fromisoformat(f"{year}-{month}-{day}T{clock_text}+00:00")
            except ValueError:
                continue
    return None


class Arrivals:
    """Looks at one folder or file; remembers what it saw, to tell a file at rest from a growing one."""

    def __init__(self, config: CsvFileConfig) -> None:
        self._config = config
        self._seen: dict[Path, tuple[Mark, float]] = {}
        self._hashes: dict[Path, tuple[Mark, str]] = {}
        self.arriving: tuple[str, ...] = ()
        """Names of the files that the last look found unfinished, and of those that wait behind them."""

    def finished(self) -> list[Path]:
        """Give the finished files, oldest first, as far as the first that is still arriving.

        A newer file waits for an older one: taken first, it would make the older one look out of date.
        Raises Unavailable where the folder or file is not there or may not be read.
        """
        try:
            files = dict(self._present())
        except OSError as error:
            raise self._unavailable(self._config.path, error) from error
        self._forget(set(files))
        settled = list(self._settled(files))
        self.arriving = tuple(sorted(_shown(path.name) for path in files.keys() - set(settled)))
        return settled

    def deliver(self, path: Path) -> Delivery | None:
        """Give a finished file with its hash; None where it moved or changed while it was read."""
        try:
            before = path.stat()
            sha256 = self._hash(path, _mark(before))
            if _mark(path.stat()) != _mark(before):
                return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(path, error) from error
        name, modified = _shown(path.name), _modified(before)
        return Delivery(self._config.name, str(path), name, sha256, before.st_size, modified)

    def _present(self) -> Iterator[tuple[Path, stat_result]]:
        """Yield the regular files there are; one that goes away while we look is not there."""
        watched = self._config.path
        if not stat.S_ISDIR(watched.stat().st_mode):
            yield watched, watched.stat()
            return
        for path in watched.iterdir():
            with suppress(FileNotFoundError):
                if not _is_passing(path.name) and stat.S_ISREG((about := path.stat()).st_mode):
                    yield path, about

    def _settled(self, files: dict[Path, stat_result]) -> Iterator[Path]:
        for path in sorted(files, key=lambda path: _age_key(path, files[path])):
            if not self._is_settled(path, files[path]):
                return
            yield path

    def _is_settled(self, path: Path, about: stat_result) -> bool:
        """A marker not older than the file, a mtime long past, or no change for as long as we have looked."""
        now = time.monotonic()
        mark, since = self._seen.get(path, (None, now))
        if mark != _mark(about):
            since = now
            self._seen[path] = (_mark(about), since)
        rest = self._config.settle_seconds
        return _has_marker(path, about) or time.time() - about.st_mtime >= rest or now - since >= rest > 0

    def _hash(self, path: Path, mark: Mark) -> str:
        known = self._hashes.get(path)
        if known is not None and known[0] == mark:
            return known[1]
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        self._hashes[path] = (mark, sha256)
        return sha256

    def _forget(self, present: set[Path]) -> None:
        for memory in (self._seen, self._hashes):
            for path in memory.keys() - present:
                del memory[path]

    def _unavailable(self, path: Path, error: OSError) -> Unavailable:
        return Unavailable(
            f"HR source {self._config.name}: {path} cannot be read: {error.strerror or error}. "
            "Check that the path is right, mounted, and readable for the user Bawab runs as. "
            "Nothing was taken as empty."
        )


def _mark(about: stat_result) -> Mark:
    return about.st_ino, about.st_size, about.st_mtime_ns


def _modified(about: stat_result) -> datetime:
    """Give the mtime as an instant; what no calendar holds counts as its first or last year."""
    try:
        return datetime.fromtimestamp(about.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(9999 if about.st_mtime > 0 else 1, 1, 1, tzinfo=UTC)


def _shown(name: str) -> str:
    """Give a file name as text that can be stored and printed: any byte may stand in a name on disk."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def _age_key(path: Path, about: stat_result) -> tuple[datetime, int, str]:
    return as_of(path.name) or _modified(about), about.st_mtime_ns, path.name


def _is_passing(name: str) -> bool:
    return name.startswith((".", "~$")) or name.casefold().endswith(_UNFINISHED)


def _has_marker(path: Path, about: stat_result) -> bool:
    try:
        return path.with_name(f"{path.name}.done").stat().st_mtime_ns >= about.st_mtime_ns
    except FileNotFoundError:
        return False
