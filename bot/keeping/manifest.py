"""What a backup says about itself: its files and sums, where the log ended, until when it is kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import orjson

from bot.keeping.refusals import CannotKeep
from bot.locale import N_

MANIFEST: Final = "manifest.json"
DATABASE: Final = "bawab.db"
FEEDS: Final = "quarantine"
FILES: Final = "files"
"""The folder of a backup that holds policies, registry and staff file, as the settings named them."""
FORMAT: Final = 1
NOTE: Final = (
    "Personal data, and the keys to it. Whoever was erased since this backup was made is still in it: "
    "delete it on the day it expires."
)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of a backup: its path in it, its size in bytes, the SHA-256 of its bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup's own description; instants are UTC, as stored text."""

    made_at: str
    expires_at: str
    version: str
    dialect: str
    """`sqlite` or `postgresql`: what the installation ran on. The backup itself is always an SQLite file."""
    data_dir: str
    """Where the data folder was; the database names kept feeds by it."""
    entries: int
    hash: str
    """Of the last of so many entries of the log."""
    files: tuple[KeptFile, ...]
    format: int = FORMAT
    note: str = NOTE

    @property
    def has_key(self) -> bool:
        """Whether the private key that signs the log's heads is in it."""
        return any(one.path == "audit-signing.key" for one in self.files)

    def expired(self, now: datetime) -> bool:
        """Whether it should have been deleted by now."""
        return datetime.fromisoformat(self.expires_at) < now

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read what `spelled` wrote; raises ValueError, TypeError, KeyError."""
        fields = orjson.loads(content)
        return cls(**{**fields, "files": tuple(KeptFile(**one) for one in fields["files"])})

    def spelled(self) -> bytes:
        """Spell as JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest; raises CannotKeep where this is none, or of a later version."""
    try:
        content = (folder / MANIFEST).read_bytes()
        later = orjson.loads(content).get("format", 0) > FORMAT
        if not later:
            return Manifest.parse(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CannotKeep(
            N_("{folder} is no backup: {why}. Name the folder that `bawab backup` made."),
            folder=str(folder),
            why=str(error),
        ) from error
    raise CannotKeep(N_("{folder} was made by a later version of Bawab; use that one."), folder=str(folder))


def described(folder: Path) -> tuple[KeptFile, ...]:
    """Size and sum up every file below a folder, but for a manifest; raises OSError."""
    return tuple(
        KeptFile(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path))
        for path in sorted(_files(folder))
    )


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise CannotKeep where a file is missing, changed or too many: a backup is whole, or it is none."""
    listed = {one.path: one for one in manifest.files}
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    for name in sorted(listed.keys() | there):
        whole = name in listed and name in there and _is(folder / name, listed[name])
        if not whole:
            raise CannotKeep(
                N_("{file} of this backup is not what was backed up; use another backup."), file=name
            )


def _is(path: Path, kept: KeptFile) -> bool:
    return path.stat().st_size == kept.size and sha256_of(path) == kept.sha256


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)


def sha256_of(path: Path) -> str:
    """Sum up a file of any size."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def settle(folder: Path) -> None:
    """Force every file below a folder to disk, and their names; raises OSError."""
    for path in [*folder.rglob("*"), folder, folder.parent]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
