"""`bawab restore`: a backup becomes the installation again, and says what it cannot know."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.locale import N_
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

if TYPE_CHECKING:  # whoever asks for help restores nothing
    from bot.keeping.restore import Restored


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "restore",
        N_(
            "Make a backup the installation again.\n\n"
            "Its files are checked against their sums and its log is verified. What had still to be done "
            "then is looked at on the platforms first: what is gone already is left as it is. The restore is "
            "an entry of the log, with the newer end that its signed head names."
        ),
        examples=(
            "restore /mnt/backups/bawab-20261120T020000Z",
            "restore /mnt/backups/bawab-20261120T020000Z --to /srv/trial",
        ),
    )(_restore)


async def _restore(
    desk: Desk,
    backup: Annotated[
        Path, typer.Argument(metavar="BACKUP", help=N_("The folder that `bawab backup` made."))
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help=N_("Another data folder, with an SQLite database in it."))
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help=N_("Put the installation that is there aside first."))
    ] = False,
    signing_key: Annotated[
        Path | None,
        typer.Option("--signing-key", help=N_("The key that signs the log, for a backup made without it.")),
    ] = None,
) -> ExitCode:
    from bot.app import utc_now  # noqa: PLC0415 - as above
    from bot.keeping.restore import restore_backup  # noqa: PLC0415 - as above

    settings = desk.settings
    if to is not None:
        elsewhere = {"data_dir": to, "database_url": None, "witness": None}
        settings = settings.model_copy(update=elsewhere)
    with desk.progress(desk.t.text("Copying every row")) as report:
        done = await restore_backup(
            settings,
            backup,
            actor=desk.actor,
            now=utc_now,
            replace=replace,
            signing_key=signing_key,
            progress=report,
        )
    if desk.json:
        found = {"ok": done.found.ok, "entries": done.found.entries}
        desk.data({**asdict(done), "found": found})
    else:
        _tell(desk, done)
    return ExitCode.DONE if done.whole and done.found.ok else ExitCode.OPERATOR


def _tell(desk: Desk, done: Restored) -> None:
    t = desk.t
    desk.print(
        t.text(
            "Restored to {folder}, as of {when}.",
            folder=t.isolate(str(done.data_dir)),
            when=desk.moment(datetime.fromisoformat(done.manifest.made_at)),
        ),
        style="green",
    )
    if not done.whole:
        desk.print(t.text("The log in this backup is not whole; see `bawab audit verify`."), style="red")
    if done.lost_entries:
        lost = t.plural("{n} entry", "{n} entries", done.lost_entries)
        desk.print(t.text("The log went further than this backup: {lost} are not in it.", lost=lost))
    if done.to_look_at:
        desk.print(
            t.plural(
                "{n} step is looked at on its platform before anything is done.",
                "{n} steps are looked at on their platforms before anything is done.",
                done.to_look_at,
            )
        )
    _erasures(desk, done)
    if done.aside is not None:
        aside = t.isolate(str(done.aside))
        desk.print(t.text("What was there before is kept in {folder}.", folder=aside))
    for file in done.files_beside:
        desk.print(
            t.text("Another one is in use; that of the backup is in {file}.", file=t.isolate(file)),
            style="yellow",
        )
    desk.print(t.text("Everybody signs in again; end once more what access tokens you ended since."))
    desk.print(t.text("Next: `bawab check`, `bawab run`, and when HR's files are read, `bawab reconcile`."))


def _erasures(desk: Desk, done: Restored) -> None:
    t = desk.t
    if done.erased_again:
        said = t.plural(
            "{n} person erased since is erased again.",
            "{n} people erased since are erased again.",
            done.erased_again,
        )
        desk.print(said)
    if not done.earlier_was_read:
        desk.print(t.text("Whoever was erased after this backup must be erased again."), style="yellow")
    if done.expired:
        desk.print(t.text("This backup should have been deleted by now; delete it."), style="yellow")
