"""A backup of a whole installation while it works: one moment, in a folder that is whole or not there."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.keys import PRIVATE_NAME, PUBLIC_NAME
from bot.keeping.copying import Progress, copy_tables, reading, refuse_unknown_tables, sums_of
from bot.keeping.manifest import DATABASE, FEEDS, FILES, MANIFEST, Manifest, described, settle, sha256_of
from bot.keeping.refusals import CannotKeep
from bot.locale import N_
from bot.settings import Settings
from bot.store.db import Store
from bot.store.migrate import migrate
from bot.store.types import instant_text

BUSY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole and on disk."""

    path: Path
    size: int
    """In bytes, all files together."""
    manifest: Manifest


async def make_backup(
    app: Bawab,
    to: Path,
    *,
    actor: str,
    keep: timedelta,
    signing_key: bool = True,
    progress: Progress | None = None,
) -> Made:
    """Make the folder `to`, or one named by the moment in it where it is there; the log says so.

    Everything is of one moment, and a service that runs meanwhile is not held up. The signing key is left
    out where `signing_key` is False; the keys of persons are in the database, so whoever is erased later
    stays in this backup until it expires. Raises CannotKeep, StoreProblem; nothing half is left.
    """
    now = app.now()
    path = await asyncio.to_thread(_place, to, now)
    working = path.with_name(f".{path.name}.partial")
    try:
        with _said(path):
            await asyncio.to_thread(_begin, working, path)
            await asyncio.to_thread(
                _outside_the_database, app.settings, app.audit.witness_path, working, signing_key=signing_key
            )
            await _database(app, working / DATABASE, progress)
            # Again: a file set aside meanwhile is named by the database as it was copied.
            await asyncio.to_thread(_feeds, app.settings, working)
            manifest = await asyncio.to_thread(_describe, app, working, now, keep)
            await asyncio.to_thread(_finish, working, path)
    except BaseException as error:
        shutil.rmtree(working, ignore_errors=True)
        if isinstance(error, CannotKeep):
            await _log(app, actor, path, "failed", problem=str(error))
        raise
    size = sum(one.size for one in manifest.files)
    await _log(
        app,
        actor,
        path,
        "ok",
        entries=manifest.entries,
        hash=manifest.hash,
        manifest=sha256_of(path / MANIFEST),
        expires_at=manifest.expires_at,
        signing_key=manifest.has_key,
        size=size,
    )
    return Made(path, size, manifest)


async def _log(app: Bawab, actor: str, path: Path, outcome: str, **detail: object) -> None:
    entry = Entry(Action.BACKUP_MAKE, actor, outcome=outcome, detail={"name": path.name, **detail})
    async with app.store.write() as tx:
        await app.audit.append(tx, entry)


def _place(to: Path, now: datetime) -> Path:
    if not to.is_dir():
        return to
    places = (to / f"bawab-{now:%Y%m%dT%H%M%SZ}{more}" for more in chain([""], (f"-{n}" for n in count(2))))
    return next(place for place in places if not place.exists())


def _begin(working: Path, path: Path) -> None:
    if path.exists():
        raise CannotKeep(N_("{path} is there already; name another place."), path=str(path))
    shutil.rmtree(working, ignore_errors=True)  # left by one that was killed
    working.mkdir(mode=0o700, parents=True)


def _outside_the_database(settings: Settings, witness: Path, working: Path, *, signing_key: bool) -> None:
    """Copy what stands beside the database, before it: the log goes at least as far as its heads then."""
    data = settings.data_dir
    keep_file(data / "audit-head.json", working / "audit-head.json")
    keep_file(witness, working / "audit-witness.jsonl")
    keep_file(data / PUBLIC_NAME, working / PUBLIC_NAME)
    if signing_key:
        keep_file(data / PRIVATE_NAME, working / PRIVATE_NAME)
    for name, source in configured(settings).items():
        files = sorted(source.glob("*.yaml")) if source.is_dir() else [source]
        for file in files:
            keep_file(file, working / FILES / name / file.name)
    _feeds(settings, working)


def configured(settings: Settings) -> dict[str, Path]:
    """Give the files people write, by the name of their setting."""
    named = {"policies": settings.policies, "registry": settings.registry, "staff": settings.staff}
    return {name: path for name, path in named.items() if path is not None}


def _feeds(settings: Settings, working: Path) -> None:
    """Copy the files that wait in quarantine, whose release reads exactly these bytes."""
    for file in sorted((settings.data_dir / FEEDS).glob("[!.]*")):
        if not (working / FEEDS / file.name).exists():
            keep_file(file, working / FEEDS / file.name)


def keep_file(source: Path, target: Path) -> None:
    """Copy one file, for its owner alone; one that is not there is left out. Raises OSError."""
    for folder in reversed(target.parents):  # `parents=True` would make them with the mode of the umask
        if not folder.exists():
            folder.mkdir(mode=0o700)
    try:
        stream = source.open("rb")
    except FileNotFoundError:
        return
    with stream, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        shutil.copyfileobj(stream, copy)


async def _database(app: Bawab, target: Path, progress: Progress | None) -> None:
    await asyncio.to_thread(target.touch, mode=0o600)
    if app.store.dialect == "sqlite":
        source = str(make_url(app.store.url).database)
        await asyncio.to_thread(_vacuum, source, target)
    else:
        await _from_server(app.store.url, target, progress)


def _vacuum(source: str, target: Path) -> None:
    """Copy one moment of an SQLite file, without freed pages: erased persons may still stand there."""
    with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


async def _from_server(url: str, target: Path, progress: Progress | None) -> None:
    store = Store.at(target)
    try:
        await migrate(store)
        await store.batch(partial(_copy, url, progress))
    finally:
        await store.aclose()


def _copy(url: str, progress: Progress | None, target: Connection) -> None:
    with reading(url) as source:
        refuse_unknown_tables(source)
        read = copy_tables(source, target, progress)
    if sums_of(target) != read:
        raise CannotKeep(N_("The copy of the database differs from it; the disk may be failing."))


def _describe(app: Bawab, working: Path, now: datetime, keep: timedelta) -> Manifest:
    entries, last = _look_over(working / DATABASE)
    manifest = Manifest(
        made_at=instant_text(now),
        expires_at=instant_text(now + keep),
        version=version("bawab"),
        dialect=app.store.dialect,
        data_dir=str(app.settings.data_dir),
        entries=entries,
        hash=last,
        files=described(working),
    )
    with os.fdopen(os.open(working / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(manifest.spelled())
    return manifest


def _look_over(database: Path) -> tuple[int, str]:
    """Read the copy once, page by page, and find where its log ends."""
    with closing(sqlite3.connect(database)) as connection:
        found: Any = connection.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise CannotKeep(N_("The copy of the database is damaged ({why})."), why=str(found))
        query = "SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1"
        return connection.execute(query).fetchone() or (0, "")


def _finish(working: Path, path: Path) -> None:
    settle(working)
    working.rename(path)
    settle(path)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turn what a disk or a file refuses into a sentence with what to do."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "full" in str(error)
        if full:
            raise CannotKeep(
                N_("The disk of {folder} is full; free space or name another. Nothing half was left there."),
                folder=str(path.parent),
            ) from error
        raise CannotKeep(
            N_("The backup could not be made: {why}. Nothing half was left."), why=str(error)
        ) from error
