"""What a look stands on: what the last full opening found well, as long as nothing it judged has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:  # whoever looks has not loaded it
    from bot.settings import Settings

PREFIX: Final = "BAWAB_"
MEMORY: Final = "status-ground.json"
_ROOT: Final = Path(__file__).parents[2]
_JUDGES: Final = (
    "bot/app.py",
    "bot/instances.py",
    "bot/policy_shelf.py",
    "bot/setting*.py",
    "bot/access/staff_shelf.py",
    "bot/groups/registry_shelf.py",
    "bot/store/migrations/versions/*.py",
    "policies/*.py",
)
"""The programs that judge settings, registry, staff file and policies: another version judges afresh."""
_LIBRARY: Final = _ROOT / "policies" / "library"
_KEYS: Final = ("audit-signing.key", "audit-signing.pub", "database-moved.json")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the settings came to, as far as a look needs it; no secret among it."""

    database: str
    """The file of the SQLite database."""
    language: str
    time_zone: str | None
    policies: str | None
    registry: str | None
    staff: str | None
    schema: str
    """The migration the tables are at."""


def given_variables(env_file: Path | None) -> dict[str, str]:
    """Give what is set from outside, by upper-case name: the environment goes before the file.

    By the rules of `bot.settings`: names in either case, and an empty value is none.
    """
    path = env_file or Path(".env")
    stated: Mapping[str, str | None] = {}
    if path.is_file():
        from dotenv.main import dotenv_values  # noqa: PLC0415 - what pydantic-settings reads it with

        stated = dotenv_values(path, encoding="utf8")
    found: dict[str, str] = {}
    for source in (stated, os.environ):
        found |= {
            name.upper(): value for name, value in source.items() if value and name.upper().startswith(PREFIX)
        }
    return found


def data_folder(given: Mapping[str, str]) -> Path:
    """Say where Bawab keeps its data, as `Settings.data_dir` does."""
    return Path(given.get(f"{PREFIX}DATA_DIR", "data"))


def recall(given: Mapping[str, str]) -> Ground | None:
    """Give what was found well, None where there is nothing or something has changed since.

    Raises OSError, ValueError, KeyError or TypeError where the memory or a file cannot be read.
    """
    folder = data_folder(given)
    kept = orjson.loads((folder / MEMORY).read_bytes())
    ground = Ground(**kept["ground"])
    same = kept["beside"] == beside(folder) and kept["mark"] == mark(given, ground, kept["salt"])
    return ground if same else None


def remember(given: Mapping[str, str], ground: Ground, salt: str, seen: str) -> None:
    """Keep what was found well; `seen` is the mark from before it was judged.

    Only a memory: where it cannot be written, the next look is a full one again.
    """
    folder = data_folder(given)
    path = folder / MEMORY
    partial = path.with_name(f".{MEMORY}.{os.getpid()}")
    kept = {"mark": seen, "beside": beside(folder), "salt": salt, "ground": asdict(ground)}
    with suppress(OSError):
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(kept))
        partial.replace(path)


def ground_of(settings: Settings, schema: str) -> Ground | None:
    """Say what settings come to; None where the database is not a file of ours to look into."""
    database = settings.database
    if not database.startswith("sqlite+aiosqlite:///") or "?" in database or ":memory:" in database:
        return None
    return Ground(
        database=database.removeprefix("sqlite+aiosqlite:///"),
        language=settings.language,
        time_zone=settings.time_zone,
        policies=_text(settings.policies),
        registry=_text(settings.registry),
        staff=_text(settings.staff),
        schema=schema,
    )


def mark(given: Mapping[str, str], ground: Ground, salt: str) -> str:
    """Give one digest of what an opening judges: settings, the files they name, and the judging programs.

    With a salt, and of all together: to try out one value by it one must know all the others. Raises OSError.
    """
    whole = hashlib.sha256(salt.encode())
    for name in sorted(given):
        _add(whole, name.encode(), given[name].encode())
    for path in _files(ground):
        _add(whole, str(path).encode(), path.read_bytes())
    return whole.hexdigest()


def beside(folder: Path) -> list[str]:
    """Say which keys lie in the data folder, and whether the database was moved away: names and marks."""
    return [_stat(folder / name) for name in _KEYS]


def new_salt() -> str:
    """Make the salt of one memory."""
    import secrets  # noqa: PLC0415 - a look makes none

    return secrets.token_hex(16)


def _files(ground: Ground) -> Iterator[Path]:
    policies = Path(ground.policies) if ground.policies else _LIBRARY
    yield from [policies] if policies.is_file() else sorted(policies.glob("*.y*ml"))
    yield from (Path(name) for name in (ground.registry, ground.staff) if name)
    for pattern in _JUDGES:
        yield from sorted(_ROOT.glob(pattern))


def _add(whole: hashlib._Hash, *parts: bytes) -> None:
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)


def _stat(path: Path) -> str:
    try:
        found = path.stat()
    except FileNotFoundError:
        return "-"
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino} {found.st_mode}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
