"""`bawab audit verify|search|export`: what was done, found again, handed out, and proven whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.export import Format, export
from bot.audit.query import parse
from bot.audit.search import search
from bot.audit.tail import names_of
from bot.locale import N_
from bot.log_check import check_log
from bot.store.people import find_people
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from policies.model import StepAction

group = new_group("audit", N_("The audit log: verify, search, export."))
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUERY...", help=N_("Qualifiers such as person: group: outcome: created:, and text.")
    ),
]
Reveal = Annotated[bool, typer.Option("--reveal", help=N_("Show names and accounts; that is logged."))]
Reason = Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))]


async def _verify(desk: Desk) -> ExitCode:
    async with desk.open(connect=False) as app:
        with desk.progress(desk.t.text("Reading the log")) as report:
            found = await check_log(app, actor=desk.actor, progress=report)
    if desk.json:
        desk.data({"ok": found.ok, **asdict(found)})
    else:
        for problem in found.findings:
            desk.print(problem.message, style="red")
    t = desk.t
    read = t.plural("{n} entry read", "{n} entries read", found.entries)
    if found.ok:
        said = t.text(
            "The log is whole: {read}, {heads}.",
            read=read,
            heads=t.plural("{n} signed head fits", "{n} signed heads fit", found.checkpoints),
        )
        desk.say(said, style="green")
        return ExitCode.DONE
    desk.say(
        t.text(
            "The log is NOT whole: {read}, {problems}. Keep the disk as it is and call who answers for it.",
            read=read,
            problems=t.plural("{n} problem", "{n} problems", found.problems),
        ),
        style="red",
    )
    return ExitCode.OPERATOR


async def _search(
    desk: Desk,
    query: Words = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help=N_("How many, the newest first."))
    ] = 50,
    before: Annotated[
        int | None, typer.Option("--before", help=N_("Only entries before this number."))
    ] = None,
    reveal: Reveal = False,
    reason: Reason = "",
) -> ExitCode:
    parsed = parse(" ".join(map(_quoted, query or ())), zone=ZoneInfo(desk.zone))
    async with desk.open(connect=False) as app:
        page = await search(app.store, parsed, before=before, limit=limit, resolve=_people)
        seen: Sequence[Mapping[str, object] | None] = [None] * len(page.rows)
        names: Mapping[str, str] = {}
        if reveal:
            seen = await app.audit.reveal(page.rows, actor=desk.actor, reason=reason)
            async with app.store.read() as tx:
                names = await names_of(tx, {row["subject"] for row in page.rows if row["subject"]})
    if desk.json:
        desk.data(
            {"entries": [_plain(*pair) for pair in zip(page.rows, seen, strict=True)], "before": page.before}
        )
        return ExitCode.DONE
    _table(desk, page.rows, seen, names)
    if page.before is not None:
        desk.say(desk.t.text("There are more: add --before {seq}.", seq=str(page.before)))
    return ExitCode.DONE


def _table(
    desk: Desk,
    rows: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, object] | None],
    names: Mapping[str, str],
) -> None:
    t = desk.t
    if not rows:
        desk.say(t.text("Nothing was found."))
        return
    headings = [
        t.text("Entry"),
        t.text("When"),
        t.text("Act"),
        t.text("Outcome"),
        t.text("Person"),
        t.text("Group"),
        t.text("Case"),
        t.text("By"),
    ]
    desk.table(
        headings,
        [
            [
                str(row["seq"]),
                desk.stamp(row["at"], seconds=True),
                _act(row, personal or {}),
                row["outcome"],
                t.isolate(_who(row, personal, names)),
                t.isolate(" ".join(filter(None, (row["instance"], row["group_name"])))),
                row["case_id"] or "",
                row["actor"],
            ]
            for row, personal in zip(rows, seen, strict=True)
        ],
    )


def _act(row: Mapping[str, Any], personal: Mapping[str, object]) -> str:
    """Give the action, and what its step does where that is no removal: both in the log's own words.

    Who is made owner by a hand-over is sealed, and stands beside it where it is revealed.
    """
    do = (row["detail"] or {}).get("do", StepAction.REVOKE)
    heir = str(personal.get("successor") or "")
    return " ".join(filter(None, (row["action"], "" if do == StepAction.REVOKE else do, heir)))


def _who(row: Mapping[str, Any], personal: Mapping[str, object] | None, names: Mapping[str, str]) -> str:
    """Name the person as the entry does, else as HR does; an account only where no name is known."""
    shown, subject = personal or {}, row["subject"] or ""
    return str(shown.get("name") or names.get(subject) or shown.get("account") or subject)


def _plain(row: Mapping[str, Any], personal: Mapping[str, object] | None) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "sealed"}
    return kept if personal is None else {**kept, "revealed": dict(personal)}


async def _export(
    desk: Desk,
    query: Words = None,
    to: Annotated[Path | None, typer.Option("--to", help=N_("The file to write."))] = None,
    force: Annotated[bool, typer.Option("--force", help=N_("Write over a file that is there."))] = False,
    format_: Annotated[
        Format, typer.Option("--format", help=N_("CSV, or JSON lines that prove themselves."))
    ] = Format.JSONL,
    reveal: Reveal = False,
    reason: Reason = "",
) -> ExitCode:
    if to is None:
        raise Refused(desk.t.text("Say where to: add --to FILE."))
    _writable(desk, to, force=force)
    parsed = parse(" ".join(map(_quoted, query or ())), zone=ZoneInfo(desk.zone))
    async with desk.open(connect=False) as app:
        with desk.progress(desk.t.text("Writing the export")) as report:
            done = await export(
                app.audit,
                parsed,
                to,
                format_,
                actor=desk.actor,
                reveal=reveal,
                reason=reason,
                resolve=_people,
                progress=report,
            )
    if desk.json:
        desk.data(
            {
                "path": str(done.path),
                "entries": done.entries,
                "sha256": done.sha256,
                "head": asdict(done.head),
            }
        )
    said = desk.t.plural(
        "{n} entry written to {path}", "{n} entries written to {path}", done.entries, path=str(to)
    )
    desk.say(said)
    return ExitCode.DONE


def _writable(desk: Desk, to: Path, *, force: bool) -> None:
    """Refuse before anything is read or logged what could not be written, or would be lost."""
    t, name = desk.t, desk.t.isolate(str(to))
    if to.is_dir():
        raise Refused(t.text("--to: {path} is a folder; name a file in it.", path=name))
    if not to.parent.is_dir():
        folder = t.isolate(str(to.parent))
        raise Refused(t.text("--to: there is no folder {path}; make it first, or name another.", path=folder))
    if not os.access(to.parent, os.W_OK):
        folder = t.isolate(str(to.parent))
        raise Refused(t.text("--to: nothing can be written in {path}; name another folder.", path=folder))
    if to.exists() and not force:
        raise Refused(
            t.text("--to: {path} is there already; name another file, or --force to overwrite.", path=name)
        )


def _quoted(word: str) -> str:
    """The shell took the quotes away: what holds a space was one word."""
    if " " not in word or '"' in word:
        return word
    field, colon, value = word.partition(":")
    return f'{field}:"{value}"' if colon and " " not in field else f'"{word}"'


async def _people(connection: AsyncConnection, text: str) -> Sequence[str]:
    return [row.id for row in await find_people(connection, text)]


command(
    group,
    "verify",
    N_("Recompute the whole chain and hold it against every signed head; names the entry that is wrong."),
    examples=("audit verify", "audit verify --json"),
)(_verify)
command(
    group,
    "search",
    N_("Find entries, the newest first; a `-` before a qualifier excludes. Write -- before such words."),
    examples=(
        "audit search person:E1042",
        "audit search action:step outcome:blocked created:>=2026-11-01",
        "audit search -- group:sales -outcome:verified_absent",
    ),
)(_search)
command(
    group,
    "export",
    N_("Write entries to a file; the export itself is logged and stands in the file."),
    examples=("audit export --to log.jsonl", "audit export case:case_1f3a --format csv --to case.csv"),
)(_export)
