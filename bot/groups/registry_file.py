"""The registry file on disk: written whole or not at all, and never over somebody else's change."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bot.settings import SettingsProblem
from policies.complaints import PolicyComplaint, PolicyError

PATIENCE_SECONDS = 10.0
"""How long one command waits for another that is writing the file."""


class RegistryProblem(Exception):
    """The registry was not changed; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The file as it was read: `path` as it is set, `raw` its bytes."""

    path: Path
    raw: bytes
    text: str


def read_sheet(path: Path | None) -> Sheet:
    """Read the file; raises SettingsProblem where there is none to read, PolicyError where it is no text."""
    if path is None:
        raise SettingsProblem(
            "BAWAB_REGISTRY is not set, so there is no file to write to. Make one that holds the line "
            "`version: 1`, and set BAWAB_REGISTRY=groups.yaml in .env"
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsProblem(f"BAWAB_REGISTRY: {path} cannot be read ({error.strerror})") from None
    try:
        return Sheet(path, raw, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        complaint = PolicyComplaint(str(path), line, column, "this is not UTF-8", "save it as UTF-8")
        raise PolicyError([complaint]) from None


def write_sheet(sheet: Sheet, text: str) -> None:
    """Put new text in place of what was read: beside it, onto the disk, then renamed over it.

    Mode and owner stay, and a link goes on pointing where it did. Raises RegistryProblem where the file is no
    longer what was read, and OSError where the disk or the folder refuses; the file is then as it was.
    """
    target = sheet.path.resolve(strict=True)
    before = target.stat()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):  # only root may give a file away
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.flush()
            os.fsync(file.fileno())
        _unchanged(sheet, target)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _unchanged(sheet: Sheet, target: Path) -> None:
    if target.read_bytes() != sheet.raw:
        raise RegistryProblem(
            f"{sheet.path} was changed by somebody else meanwhile; nothing was written. Run the command again"
        )


def _settle(folder: Path) -> None:
    """Make the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def alone(data_dir: Path, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Let one command at a time change the file; raises RegistryProblem where another takes too long."""
    try:
        with FileLock(data_dir / "registry.lock", timeout=patience):
            yield
    except Timeout:
        raise RegistryProblem("another command is writing the registry; try again when it is done") from None
