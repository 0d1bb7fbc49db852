"""`bawab migrate-database`: the whole installation into another database, its log intact."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.locale import N_
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

if TYPE_CHECKING:  # whoever asks for help or the status moves nothing
    from bot.keeping.migrate_database import Moved


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "migrate-database",
        N_(
            "Move this installation into another, empty database: from SQLite to PostgreSQL, or back.\n\n"
            "Stop every `bawab run` first. All is copied in one transaction and compared, the whole log is "
            "verified there, and the move is an entry of it. The old database is not changed, and no longer "
            "used: each command says so and names the new one."
        ),
        examples=(
            "migrate-database --to postgresql://bawab@db.corp.example/bawab",
            "migrate-database --to sqlite:////var/lib/bawab/bawab.db",
        ),
    )(_move)


async def _move(
    desk: Desk,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help=N_("The new database. A password is better in ~/.pgpass than on the command line."),
        ),
    ],
) -> ExitCode:
    from bot.keeping.migrate_database import move_database  # noqa: PLC0415 - as above
    from bot.only_one import only_one  # noqa: PLC0415 - as above

    async with desk.open(connect=False) as app, only_one(app):
        with desk.progress(desk.t.text("Copying every row")) as report:
            done = await move_database(app, to, actor=desk.actor, progress=report)
    if desk.json:
        desk.data({**asdict(done), "found": {"ok": done.found.ok, "entries": done.found.entries}})
    else:
        _tell(desk, done)
    return ExitCode.DONE


def _tell(desk: Desk, done: Moved) -> None:
    t = desk.t
    rows = t.plural("{n} row", "{n} rows", sum(done.rows.values()))
    entries = t.plural("{n} entry", "{n} entries", done.entries)
    desk.print(
        t.text("Moved to {database}: {rows}.", database=t.isolate(done.gone_to), rows=rows), style="green"
    )
    desk.print(t.text("The log was verified there and is whole: {entries}.", entries=entries))
    desk.print(t.text("Put this line into your settings (with your password, where there is one):"))
    desk.print(f"BAWAB_DATABASE_URL={done.setting}")
    desk.print(
        t.text(
            "The old database was not changed, and is refused from now on: {database}",
            database=t.isolate(done.left),
        )
    )
