"""Entries of the log handed out as a file, sealed fields shown, a removal proven; each of it logged."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.chain import RAW, raw_rows
from bot.audit.export import Exported, Format, export
from bot.audit.findings import Verification
from bot.audit.query import Query, Term, parse
from bot.audit.search import search
from bot.case_file import CaseFile, case_file
from bot.log_check import check_log
from bot.views.audit import Line, entry, lines, not_own, resolver, zone_of
from bot.views.proofs import subject_of
from policies.roles import Permission

FOLDER: Final = "handed-out"
"""Beside the database, for its owner only: a file is made whole here, and removed once it was sent."""
LONGEST_SECONDS: Final = 86_400
MOST_READ: Final = 1000
_PROOF: Final = "proof of a removal"
_LEFT_OUT: Final = "entries about whoever exports are left out"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the log says of one person's removal, and whether the log is whole."""

    person_id: str
    name: str
    cases: tuple[CaseFile, ...]
    verified: Verification
    exported: Exported
    """The entries, in a file of their own that proves itself."""
    lines: tuple[Line, ...]
    """The same entries to be read, the newest first; of very many only the last thousand."""


def new_folder(app: Bawab) -> Path:
    """Make a private folder for one file to be handed out; `clear` it once it was sent.

    What a crash left behind is cleared away here, a day later. Raises OSError.
    """
    shelf = app.settings.data_dir / FOLDER
    shelf.mkdir(mode=0o700, exist_ok=True)
    for old in shelf.iterdir():
        if time.time() - old.stat().st_mtime > LONGEST_SECONDS:
            clear(old)
    folder = shelf / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    return folder


def clear(folder: Path) -> None:
    """Remove a folder of `new_folder` with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


async def export_log(
    app: Bawab,
    who: Actor,
    typed: str,
    format_: Format,
    folder: Path,
    *,
    reveal: bool = False,
    reason: str = "",
) -> Exported:
    """Write what a search finds into `folder`, after it was logged; raises as `audit` and `export` do.

    `reveal` shows sealed personal fields, too; it needs a reason (CannotAct) and the right to read people.
    """
    who.must(Permission.AUDIT_EXPORT)
    if reveal:
        who.must(Permission.PERSON_READ)
        _must_say_why(reason)
    query = parse(typed, zone=zone_of(app))
    return await _export(app, who, query, format_, folder, reveal=reveal, reason=reason)


async def _export(
    app: Bawab, who: Actor, query: Query, format_: Format, folder: Path, *, reveal: bool, reason: str
) -> Exported:
    beside = await not_own(app, who)
    return await export(
        app.audit,
        query,
        folder / f"entries.{format_}",
        format_,
        actor=who.logged,
        reveal=reveal,
        reason=reason.strip(),
        resolve=resolver(who),
        beside=beside,
        note=_LEFT_OUT if beside else "",
    )


async def reveal_entry(app: Bawab, who: Actor, seq: int, reason: str) -> Mapping[str, object] | None:
    """Show the sealed fields of one entry, after that was logged; None where there are none, or no key.

    Raises NotAllowed, CannotAct, NoSuchEntry.
    """
    who.must(Permission.PERSON_READ)
    await entry(app, who, seq)
    _must_say_why(reason)
    async with app.store.read() as tx:
        rows = await raw_rows(tx, RAW, RAW.c.seq == seq, limit=1)
    (found,) = await app.audit.reveal(rows, actor=who.logged, reason=reason.strip())
    return found


async def prove(
    app: Bawab, who: Actor, folder: Path, *, case_id: str | None = None, person_id: str | None = None
) -> Proof:
    """Verify the log, and write all it says of a case (or of everything of a person) into `folder`.

    Both acts are logged. Raises NotAllowed, CannotAct (nobody, no case, or about the reader).
    """
    who.must(Permission.AUDIT_EXPORT)
    async with app.store.read() as tx:
        subject, cases = await subject_of(tx, who, case_id, person_id)
    verified = await check_log(app, actor=who.logged)
    wanted = Term("case", case_id) if case_id else Term("person", subject.id)
    query = Query((wanted,))
    exported = await _export(app, who, query, Format.JSONL, folder, reveal=False, reason=_PROOF)
    files = tuple([await case_file(app, case.id) for case in cases])
    found = await search(app.store, query, limit=MOST_READ, beside=await not_own(app, who))
    return Proof(subject.id, subject.name, files, verified, exported, await lines(app, who, found))


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise CannotAct("reason_missing")
