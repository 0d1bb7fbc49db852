"""`bawab backup`: everything needed to begin again on another machine, of one moment, while Bawab works."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.locale import N_
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

KEEP_DAYS = 90


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "backup",
        N_(
            "Back up the database, the log with its keys, files in quarantine, policies, registry and staff "
            "file.\n\n"
            "Bawab may work meanwhile; everything in the backup is of one moment. It is a new folder, whole "
            "or not there. Settings and the secrets of platforms are not in it: keep those elsewhere."
        ),
        examples=("backup /mnt/backups", "backup /mnt/backups --keep-days 30 --json"),
    )(_backup)


async def _backup(
    desk: Desk,
    to: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help=N_("A folder that holds backups, or the name of a new one.")),
    ],
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=1, help=N_("After how many days it is to be deleted."))
    ] = KEEP_DAYS,
    no_signing_key: Annotated[
        bool,
        typer.Option(
            "--no-signing-key", help=N_("Leave out the key that signs the log; you keep it elsewhere.")
        ),
    ] = False,
) -> ExitCode:
    from bot.keeping.backup import make_backup  # noqa: PLC0415 - no other command needs it

    async with desk.open(connect=False, even_broken_registry=True) as app:
        with desk.progress(desk.t.text("Copying every row")) as report:
            done = await make_backup(
                app,
                to,
                actor=desk.actor,
                keep=timedelta(days=keep_days),
                signing_key=not no_signing_key,
                progress=report,
            )
    if desk.json:
        desk.data({"path": str(done.path), "size": done.size, "manifest": asdict(done.manifest)})
        return ExitCode.DONE
    t = desk.t
    desk.print(
        t.text(
            "Backed up to {path}: {files}, {entries} of the log.",
            path=t.isolate(str(done.path)),
            files=t.plural("{n} file", "{n} files", len(done.manifest.files)),
            entries=t.plural("{n} entry", "{n} entries", done.manifest.entries),
        ),
        style="green",
    )
    until = desk.moment(datetime.fromisoformat(done.manifest.expires_at))
    desk.print(
        t.text(
            "It holds personal data and the keys to it, also of whoever is erased later: delete it by {day}.",
            day=until,
        )
    )
    return ExitCode.DONE
