"""The mark a moved database leaves behind, so that nobody goes on with the old one by accident."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy.engine import URL, make_url

from bot.settings import Settings, SettingsProblem

MARK: Final = "database-moved.json"


@dataclass(frozen=True, slots=True)
class Mark:
    """Which database was left for which, when (UTC, stored text), and where the log ended then."""

    left: str
    gone_to: str
    at: str
    entries: int
    hash: str


def address(url: str) -> str:
    """Name a database so that two spellings of one are equal, without who signs in to it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(parsed.database or '').absolute()}"
    host, port = parsed.host or "localhost", parsed.port or 5432
    return URL.create("postgresql", host=host, port=port, database=parsed.database).render_as_string()


def leave_mark(folder: Path, mark: Mark) -> None:
    """Write the mark, whole and durable; raises OSError."""
    partial = folder / f".{MARK}"
    with partial.open("wb") as file:
        file.write(orjson.dumps(asdict(mark), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MARK)


def read_mark(folder: Path) -> Mark | None:
    """Read the mark, None where nothing was moved; raises SettingsProblem where it cannot be read."""
    path = folder / MARK
    try:
        return Mark(**orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError, TypeError) as error:
        raise SettingsProblem(f"{path} cannot be read ({error}); it says where the database went") from None


def refuse_moved(settings: Settings) -> None:
    """Raise SettingsProblem where these settings name a database that was moved elsewhere."""
    mark = read_mark(settings.data_dir)
    if mark is None or mark.left != address(settings.database):
        return
    raise SettingsProblem(
        f"BAWAB_DATABASE_URL: this database was moved to {mark.gone_to} at {mark.at}, and its log goes on "
        f"there. Set BAWAB_DATABASE_URL to it. To go back to the old one, and lose what was done since, "
        f"remove {settings.data_dir / MARK}"
    )
