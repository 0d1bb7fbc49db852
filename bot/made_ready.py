"""The people of a source's first feed as rows, made before the database is locked, read back page by page.

Nearly all the work on a first feed is done by Python for people nobody has stored yet: with it inside the
transaction, everybody else waits for the whole of it to write a single row.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from connectors.hr.contract import StagedFeed
from connectors.hr.records import person_from_json, person_to_json
from policies.lifecycle import change as lifecycle_change
from policies.model import EventKind, LifecycleEvent, Person

PAGE = 500
COLUMNS = ("id", "digest", "record", "name", "status", "email")
STATED = ("instance", "account_id", "person_id")


class ReadyPage:
    """Up to PAGE people nobody has stored, in ascending order of id."""

    def __init__(self, kept: bytes) -> None:
        found = orjson.loads(kept)
        self._rows: list[list[Any]] = found["rows"]
        self._news: list[int] = found["news"]
        self._stated: list[list[str]] = found["stated"]

    @property
    def ids(self) -> list[str]:
        """Give whom it has."""
        return [row[0] for row in self._rows]

    def person(self, id_: str) -> Person:
        """Give one of them."""
        return next(person_from_json(row[2]) for row in self._rows if row[0] == id_)

    def rows(self, source: str, now: datetime) -> list[dict[str, Any]]:
        """Give them as rows to insert."""
        more = {"source": source, "missing_reads": 0, "updated_at": now}
        return [dict(zip(COLUMNS, row, strict=True)) | more for row in self._rows]

    def stated(self) -> list[dict[str, str]]:
        """Give the accounts their records state, as rows to insert."""
        return [dict(zip(STATED, row, strict=True)) for row in self._stated]

    def events(self, now: datetime) -> list[LifecycleEvent]:
        """Give what is news of them, though they were never seen before; that they are here is none."""
        people = [person_from_json(self._rows[at][2]) for at in self._news]
        return [event for person in people for event in _news(person, now)]


class MadeReady:
    """The pages of one feed on disk, in a file that has no name: nothing of it outlives the process."""

    def __init__(self, folder: Path) -> None:
        # Closed by `close`: it lives as long as what it holds is being stored.
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix=".bawab-ready-")  # noqa: SIM115
        self._sizes: list[int] = []

    def add(self, page: list[tuple[Person, str]], now: datetime) -> None:
        """Put a page behind the others."""
        kept = orjson.dumps(_page(page, now))
        self._file.write(kept)
        self._sizes.append(len(kept))

    def end(self) -> None:
        """Have all of it on disk before the database is locked; raises OSError where that is full."""
        self._file.flush()

    def pages(self) -> Iterator[ReadyPage]:
        """Read every page again, from the first."""
        self._file.seek(0)
        for size in self._sizes:
            yield ReadyPage(self._file.read(size))

    def close(self) -> None:
        """Let go of the file, and with it of everybody in it."""
        self._file.close()


async def make_ready(staged: StagedFeed, folder: Path, now: datetime) -> MadeReady:
    """Make rows of everybody in a staged feed; raises OSError where the disk is full."""
    ready = MadeReady(folder)
    try:
        page: list[tuple[Person, str]] = []
        async for one in staged.people():
            page.append(one)
            if len(page) == PAGE:
                ready.add(page, now)
                page = []
        if page:
            ready.add(page, now)
        ready.end()
    except BaseException:
        ready.close()
        raise
    return ready


def _page(page: list[tuple[Person, str]], now: datetime) -> dict[str, Any]:
    return {
        "rows": [_row(person, digest) for person, digest in page],
        "news": [at for at, (person, _) in enumerate(page) if _news(person, now)],
        "stated": [
            (instance, account_id, person.id)
            for person, _ in page
            for instance, account_id in dict.fromkeys(person.account_ids)
        ],
    }


def _row(person: Person, digest: str) -> tuple[Any, ...]:
    return person.id, digest, person_to_json(person), person.name, person.status, person.email


def _news(person: Person, now: datetime) -> list[LifecycleEvent]:
    """Say what follows from a person first seen in a first feed: nothing of whoever is simply there."""
    return [event for event in lifecycle_change(None, person, now) if event.kind is not EventKind.JOINER]
