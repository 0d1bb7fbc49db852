"""A backup becomes the installation again: checked, built aside, put in place whole, and said in the log."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.findings import Verification
from bot.audit.keys import PRIVATE_NAME
from bot.audit.log import AuditLog, open_audit
from bot.keeping.backup import configured, keep_file
from bot.keeping.copying import Progress, copy_tables, reading, row_counts, sums_of
from bot.keeping.earlier import Earlier
from bot.keeping.look_again import end_sessions, erase_again, feeds_at, look_before_acting
from bot.keeping.manifest import (
    DATABASE,
    FEEDS,
    FILES,
    MANIFEST,
    Manifest,
    check_files,
    read_manifest,
    settle,
    sha256_of,
)
from bot.keeping.refusals import CannotKeep
from bot.locale import N_
from bot.only_one import AlreadyRunning
from bot.settings import Settings
from bot.store.db import Store
from bot.store.migrate import migrate

WITNESS = "audit-witness.jsonl"
BESIDE = "restored-files"
"""The folder for policies, registry and staff file of the backup that differ from those that are there."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and what it cannot know."""

    data_dir: Path
    manifest: Manifest
    expired: bool
    found: Verification
    """Of the log, as restored and with the restore in it."""
    whole: bool
    """Whether the backup's own log was whole before anything was added."""
    lost_entries: int
    """Entries that a signed head outside names and the backup does not have; 0 where none is known."""
    to_look_at: int
    """Steps that are looked at on their platform before anything is done."""
    erased_again: int
    earlier_was_read: bool
    """False where nobody can know who was erased since: there was no database left to ask."""
    aside: Path | None
    """Where the installation that was there before is now."""
    files_beside: tuple[str, ...]
    """Policies, registry or staff files that differ from those in use, kept beside them."""


@dataclass(frozen=True, slots=True)
class _Plan:
    backup: Path
    manifest: Manifest
    settings: Settings
    actor: str
    now: datetime
    replace: bool
    signing_key: Path | None

    @property
    def data(self) -> Path:
        return self.settings.data_dir

    @property
    def building(self) -> Path:
        return self.data.with_name(f".{self.data.name}.restoring")

    @property
    def witness(self) -> Path:
        return self.settings.witness or self.data / WITNESS

    @property
    def stamp(self) -> str:
        return f"before-{self.now:%Y%m%dT%H%M%SZ}"


async def restore_backup(
    settings: Settings,
    backup: Path,
    *,
    actor: str,
    now: Callable[[], datetime],
    replace: bool = False,
    signing_key: Path | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Put a backup where `settings` say; an installation that is there is refused, or put aside by `replace`.

    What stood there before is never deleted, its head and witness neither: they prove how far its log went.
    `signing_key` is needed for a backup made without it. Raises CannotKeep, AlreadyRunning, KeyProblem,
    StoreProblem; nothing is changed then.
    """
    manifest = await asyncio.to_thread(read_manifest, backup)
    await asyncio.to_thread(check_files, backup, manifest)
    plan = _Plan(backup, manifest, settings, actor, now(), replace, signing_key)
    with _alone(plan.data):
        _may_replace(plan)
        try:
            earlier = await asyncio.to_thread(Earlier.read, plan.data, plan.witness, plan.data / DATABASE)
            await asyncio.to_thread(_build, plan)
            found, told = await _bring_up(plan, earlier, now)
            if not _is_sqlite(settings):
                await _to_server(plan, progress)
            aside, beside = await asyncio.to_thread(_put_in_place, plan)
        finally:
            shutil.rmtree(plan.building, ignore_errors=True)
    return Restored(
        plan.data,
        manifest,
        manifest.expired(plan.now),
        found,
        aside=aside,
        files_beside=beside,
        earlier_was_read=earlier.readable,
        **told,
    )


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Hold the data folder against every `bawab run`; raises AlreadyRunning."""
    if not data_dir.exists():
        yield
        return
    lock = FileLock(data_dir / "bawab.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(f"a `bawab run` works on {data_dir}; stop it first") from None
    try:
        yield
    finally:
        lock.release()


def _is_sqlite(settings: Settings) -> bool:
    return make_url(settings.database).get_backend_name() == "sqlite"


def _may_replace(plan: _Plan) -> None:
    if _is_sqlite(plan.settings):
        named = Path(make_url(plan.settings.database).database or "").absolute()
        if named != (plan.data / DATABASE).absolute():
            raise CannotKeep(
                N_("A backup is restored into the data folder; unset BAWAB_DATABASE_URL, or say --to FOLDER.")
            )
    there = any((plan.data / name).exists() for name in (DATABASE, "audit-head.json", PRIVATE_NAME))
    if there and not plan.replace:
        raise CannotKeep(
            N_("{folder} holds an installation. Say --to FOLDER, or --replace, which puts it aside."),
            folder=str(plan.data),
        )


def _build(plan: _Plan) -> None:
    """Copy the backup's files into a new folder beside the one they are for."""
    shutil.rmtree(plan.building, ignore_errors=True)  # left by one that was killed
    plan.building.mkdir(mode=0o700, parents=True)
    for one in plan.manifest.files:
        if not one.path.startswith(f"{FILES}/"):
            keep_file(plan.backup / one.path, plan.building / one.path)
    if plan.manifest.has_key:
        return
    key = plan.signing_key or plan.data / PRIVATE_NAME
    if not key.is_file():
        raise CannotKeep(
            N_("This backup was made without the key that signs the log. Give it: --signing-key FILE.")
        )
    keep_file(key, plan.building / PRIVATE_NAME)


async def _bring_up(
    plan: _Plan, earlier: Earlier, now: Callable[[], datetime]
) -> tuple[Verification, dict[str, Any]]:
    """Bring the copied database to this version, and to what can be known of the time since."""
    store = Store.at(plan.building / DATABASE)
    try:
        await migrate(store)
        audit = await open_audit(store, plan.building, now)
        before = await audit.verify()
        told = await store.batch(partial(_catch_up, plan, earlier, audit, before))
        await audit.checkpoint("restored from a backup")
        return await audit.verify(), told
    finally:
        await store.aclose()


def _catch_up(
    plan: _Plan, earlier: Earlier, audit: AuditLog, before: Verification, tx: Connection
) -> dict[str, Any]:
    head = earlier.head
    genuine = head is not None and head.genuine(audit.keys)
    lost = max(0, head.seq - plan.manifest.entries) if head is not None and genuine else 0
    told: dict[str, Any] = {
        "whole": before.ok,
        "lost_entries": lost,
        "to_look_at": look_before_acting(tx, plan.now, plan.settings.manual),
        "erased_again": erase_again(tx, earlier.erased, plan.now),
    }
    detail: dict[str, object] = {
        **told,
        "made_at": plan.manifest.made_at,
        "entries": plan.manifest.entries,
        "hash": plan.manifest.hash,
        "manifest": sha256_of(plan.backup / MANIFEST),
        "expired": plan.manifest.expired(plan.now),
        "sessions_ended": end_sessions(tx),
        "codes": sorted({one.code for one in before.findings}),
        "head_before": None
        if head is None
        else {"seq": head.seq, "hash": head.hash, "at": head.at, "genuine": genuine},
    }
    feeds_at(tx, plan.data / FEEDS)
    outcome = "ok" if before.ok else "broken"
    audit.append_in(tx, Entry(Action.BACKUP_RESTORE, plan.actor, outcome=outcome, detail=detail))
    return told


async def _to_server(plan: _Plan, progress: Progress | None) -> None:
    """Copy the database that was brought up into the empty one that the settings name."""
    store = Store.open(plan.settings.database)
    try:
        await migrate(store)
        await store.batch(partial(_fill, plan, progress))
    finally:
        await store.aclose()
    (plan.building / DATABASE).unlink()


def _fill(plan: _Plan, progress: Progress | None, target: Connection) -> None:
    if any(row_counts(target).values()):
        raise CannotKeep(N_("The database BAWAB_DATABASE_URL names is not empty; name an empty one."))
    with reading(f"sqlite:///{plan.building / DATABASE}") as source:
        read = copy_tables(source, target, progress)
    if sums_of(target) != read:
        raise CannotKeep(N_("The copy of the database differs from it; the disk may be failing."))


def _put_in_place(plan: _Plan) -> tuple[Path | None, tuple[str, ...]]:
    """Give the new folder its name; what has it, and a witness file elsewhere, take another one first."""
    beside = _files_people_write(plan)
    settle(plan.building)
    aside, outside = None, plan.settings.witness
    if outside is not None:
        if outside.exists():
            outside.rename(outside.with_name(f"{outside.name}.{plan.stamp}"))
        shutil.move(plan.building / WITNESS, outside)  # another disk, as a rule
    if plan.data.exists():
        aside = plan.data.with_name(f"{plan.data.name}.{plan.stamp}")
        plan.data.rename(aside)
    plan.building.rename(plan.data)
    return aside, beside


def _files_people_write(plan: _Plan) -> tuple[str, ...]:
    """Put policies, registry and staff file back where none is; one that differs is kept beside."""
    beside: list[str] = []
    for name, place in configured(plan.settings).items():
        for file in sorted((plan.backup / FILES / name).glob("*")):
            target = place / file.name if place.is_dir() else place
            if not target.exists():
                keep_file(file, target)
            elif sha256_of(target) != sha256_of(file):
                keep_file(file, plan.building / BESIDE / name / file.name)
                beside.append(str(plan.data / BESIDE / name / file.name))
    return tuple(beside)
