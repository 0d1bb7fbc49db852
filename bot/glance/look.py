"""One look: what stands in an SQLite database whose settings were read well before, else nothing at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from bot.glance.ground import Ground, given_variables, recall
from bot.glance.reading import Unusual, situation
from bot.glance.rows import Ask
from bot.situation import Status

_BUSY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look saw, and the settings it stood on."""

    ground: Ground
    status: Status


def look(env_file: Path | None, now: datetime | None = None) -> Looked | None:
    """Say where everything stands; None where the full reading must, which also says what is wrong."""
    if env_file is not None and not env_file.is_file():
        return None
    try:
        ground = recall(given_variables(env_file))
        if ground is None:
            return None
        with asking(Path(ground.database)) as ask:
            if [row[0] for row in ask("SELECT version_num FROM alembic_version", ())] != [ground.schema]:
                return None
            return Looked(ground, situation(ask, now or datetime.now(UTC)))
    except (Unusual, sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def asking(file: Path) -> Iterator[Ask]:
    """Open a database to be looked into, in one snapshot; raises sqlite3.Error, OSError, Unusual.

    What others may read is not for a look: the full opening takes that right away.
    """
    if file.stat().st_mode & 0o077:
        raise Unusual(f"{file} may be read by others")
    connection = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode=rw", timeout=_BUSY_SECONDS, isolation_level=None, uri=True
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")

        def ask(statement: str, given: Sequence[object]) -> Sequence[Sequence[Any]]:
            return connection.execute(statement, given).fetchall()

        yield ask
    finally:
        connection.close()
