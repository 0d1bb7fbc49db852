"""`bawab demo`: the worked example, in a folder of its own, with no account anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.locale import N_
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

FOLDER = Path("demo-data")


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "demo",
        N_("Play the worked example: forty people, three platforms, one leaver, one transfer."),
        examples=("demo", "demo --stay", "demo --workers 3", "demo --lang ar"),
    )(_demo)


async def _demo(
    desk: Desk,
    folder: Annotated[Path, typer.Option(help=N_("Where its files go; emptied first."))] = FOLDER,
    stay: Annotated[
        bool,
        typer.Option(
            "--stay", help=N_("Keep the console open afterwards, with a link for each kind of person.")
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=0,
            help=N_("Play the one with so many processes on a PostgreSQL instead: one of them is killed."),
        ),
    ] = 0,
) -> ExitCode:
    if workers:
        from bot.demo.many import Many  # noqa: PLC0415 - it brings PostgreSQL

        await Many(folder.resolve(), desk.t, desk.out, max(2, workers)).play()
        return ExitCode.DONE
    from bot.demo.story import play  # noqa: PLC0415 - it brings the sandboxes

    await play(folder.resolve(), desk.t, desk.out, staying=stay)
    return ExitCode.DONE
