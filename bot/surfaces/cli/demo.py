"""`bawab demo`: the worked example, in a folder of its own, with no account anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.demo.story import play
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
        examples=("demo", "demo --lang ar"),
    )(_demo)


async def _demo(
    desk: Desk,
    folder: Annotated[Path, typer.Option(help=N_("Where its files go; emptied first."))] = FOLDER,
) -> ExitCode:
    seconds = await play(folder.resolve(), desk.t, desk.out)
    desk.print(
        "\n"
        + desk.t.text("Played in {n} seconds. Its files are in {folder}.", n=round(seconds), folder=folder)
    )
    return ExitCode.DONE
