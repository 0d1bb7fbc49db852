"""What a database in trouble said, as one of three exceptions: refused, busy, away; each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreProblem(Exception):
    """The database cannot be used now: disk full, read-only, damaged; says which, and what to do."""


class StoreBusy(StoreProblem):
    """Somebody else had the lock, or every connection, for longer than we wait; nothing was done."""


class StoreAway(StoreProblem):
    """The database server is not there now; what was under way did not happen, or is to be read again."""


_AWAY: Final = ("08", "57P0", "25006")
"""SQLSTATEs: no connection; stopped, crashed, starting; a standby that a failover has not promoted yet."""
_BUSY: Final = ("55P03", "40P01", "40001", "57014")
"""Waited for a lock for too long, a deadlock, a snapshot that went stale, a statement cut short."""
_BUSY_WORDS: Final = (
    "another process has been writing to the database for too long ({said}): nothing was done; it is tried "
    "again, and if it stays so, look for a session that hangs: `SELECT pid, state, query_start, query FROM "
    "pg_stat_activity WHERE application_name LIKE 'bawab%'`"
)
_SERVER_SAYS: Final = {
    "53100": "the database server's disk is full ({said}); free space there, then start Bawab again",
    "53200": "the database server has no memory left ({said}); give it more, then start Bawab again",
    "58": "the database server cannot read or write its own files ({said}); look at its log and its disk",
    "XX": "the database is damaged ({said}); stop, keep a copy of it, and restore it from a backup",
    "42P01": "the database has no tables yet ({said}); run `bawab run` once, which makes them",
    "42501": "the database user lacks a right ({said}); docs/databases.md lists what it needs",
    "28": "the database server refuses this user ({said}); look at BAWAB_DATABASE_URL",
}
_FILE_SAYS: Final = (
    (
        ("full", "disk i/o"),
        "the disk that holds the database is full ({said}); free space, then start Bawab again",
    ),
    (
        ("readonly",),
        "the database file or its folder cannot be written ({said}); let the user Bawab runs as write there",
    ),
    (
        ("not a database", "malformed"),
        "the database file is damaged ({said}); keep a copy of it, and restore it from a backup",
    ),
    (
        ("no such table",),
        "the database has no tables yet ({said}); run `bawab run` once, which makes them",
    ),
)


@contextmanager
def problems() -> Iterator[None]:
    """Turn the database's own refusals into StoreProblem; a statement's own faults stay as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy(f"every connection to the database is in use ({error}); try again") from error
    except DBAPIError as error:
        found = _problem(error)
        if found is None:
            raise
        raise found from error


def _problem(error: DBAPIError) -> StoreProblem | None:
    """Say what it was; None for a fault of the statement or its values."""
    said = str(error.orig).strip()
    if type(error.orig).__module__.startswith("sqlite3"):
        return None if isinstance(error, IntegrityError | DataError) else _of_file(error, said)
    said = said.partition("\n")[0]
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (state is None and not isinstance(error, _OUR_FAULTS)):
        return StoreAway(f"the database server does not answer ({said})")
    return None if state is None else _of_server(error, state, said)


_OUR_FAULTS: Final = (IntegrityError, DataError, ProgrammingError)


def _of_server(error: DBAPIError, state: str, said: str) -> StoreProblem | None:
    if state.startswith(_AWAY):
        return StoreAway(f"the database server is not there for us now ({said})")
    if state in _BUSY:
        return StoreBusy(_BUSY_WORDS.format(said=said))
    for start, words in _SERVER_SAYS.items():
        if state.startswith(start):
            return StoreProblem(words.format(said=said))
    return None if isinstance(error, _OUR_FAULTS) else StoreProblem(f"the database refused: {said}")


def _of_file(error: DBAPIError, said: str) -> StoreProblem | None:
    lowered = said.lower()
    if "locked" in lowered or "busy" in lowered:
        return StoreBusy(f"the database is locked by another program ({said}); close it, then try again")
    for marks, words in _FILE_SAYS:
        if any(mark in lowered for mark in marks):
            return StoreProblem(words.format(said=said))
    return None if isinstance(error, _OUR_FAULTS) else StoreProblem(f"the database refused: {said}")
