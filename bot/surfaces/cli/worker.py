"""`bawab worker [--lanes-only]`: one of any number of processes that divide the work of one PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.claims import this_process
from bot.locale import N_
from bot.only_one import only_one
from bot.settings import SettingsProblem
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.run import forever, something_to_do, stopping


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "worker",
        N_(
            "Take part in the work of many processes on one PostgreSQL, until stopped.\n\n"
            "Any number may run, on any host; a lane is drained by one of them at a time, and one of them "
            "ticks. Ctrl-C finishes the step under way and hands the rest over to the others."
        ),
        examples=("worker", "worker --lanes-only"),
    )(_worker)


async def _worker(
    desk: Desk,
    lanes_only: Annotated[
        bool,
        typer.Option(
            "--lanes-only",
            help=N_("Only carry out steps: for a host that has neither HR's folder nor the console."),
        ),
    ] = False,
) -> ExitCode:
    from bot.service import Service  # noqa: PLC0415 - no other command waits for a clock and the SDKs

    something_to_do(desk)
    async with desk.open(read_only=False) as app, only_one(app, alone=False):
        if app.store.dialect != "postgresql":
            raise SettingsProblem(
                "BAWAB_DATABASE_URL: `bawab worker` divides the work of one PostgreSQL; set it to "
                "postgresql://…, or start `bawab run`, which does everything in one process"
            )
        service = Service(app)
        name = desk.t.isolate(this_process())
        desk.say(desk.t.text("{process} takes part in the work.", process=name))
        with stopping(desk, service):
            await (service.forever(clock=False) if lanes_only else forever(desk, app, service))
        desk.say(desk.t.text("{process} has handed its work over.", process=name))
    return ExitCode.DONE
