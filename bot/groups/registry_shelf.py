"""The group registry in force: read at the start, again when its file changes, and kept when it breaks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.settings import SettingsProblem
from policies.complaints import PolicyError
from policies.model import RegisteredGroup
from policies.registry import load_registry

Mark = tuple[int, int, int] | None
"""Time of change, size and number of a file; None where there is none."""


class RegistryShelf:
    """The rows of the last registry that could be read; `problem` says why the file now cannot be."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rows: tuple[RegisteredGroup, ...] = ()
        self.problem = ""
        self.noted: tuple[str, str] | None = None
        """Digest and problem that were last written down; None before the first time."""
        self._mark = self._seen = _mark(path)

    @classmethod
    def load(cls, path: Path | None, *, even_broken: bool = False) -> RegistryShelf:
        """Read the file; raises SettingsProblem where it cannot be read, unless `even_broken`."""
        shelf = cls(path)
        shelf._read()
        if shelf.problem and not even_broken:
            raise SettingsProblem(shelf.problem)
        return shelf

    @property
    def digest(self) -> str:
        """A fingerprint of what the rows say, however they are spelt."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    def look(self) -> bool:
        """Read the file again if it has changed and holds still since the last look; True where it was read.

        A file that somebody is still writing could read well and lack its second half.
        """
        mark = _mark(self.path)
        still, self._seen = mark == self._seen, mark
        if mark == self._mark or not still:
            return False
        self._mark = mark
        self._read()
        return True

    def take_up(self) -> None:
        """Read the file at once: whoever calls has just put it there, whole."""
        self._mark = self._seen = _mark(self.path)
        self._read()

    def _read(self) -> None:
        try:
            self.rows, self.problem = read_registry(self.path), ""
        except SettingsProblem as problem:
            self.problem = str(problem)


def read_registry(path: Path | None) -> tuple[RegisteredGroup, ...]:
    """Read a registry file; raises SettingsProblem with every complaint, and what to do."""
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsProblem(f"BAWAB_REGISTRY: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1}"
        raise SettingsProblem(f"BAWAB_REGISTRY: {path} is not UTF-8 at {where}; save it as UTF-8") from None
    try:
        return load_registry(text, str(path))
    except PolicyError as error:
        raise SettingsProblem(str(error)) from None


def _mark(path: Path | None) -> Mark:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None
