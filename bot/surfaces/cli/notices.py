"""`bawab notices`: the global stop, flipped by IT, and what waits behind it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.locale import N_
from bot.notices.stopping import start, stop, stopped_by
from bot.store.notices import waiting_notices
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

group = new_group("notices", N_("Messages to people: stop them all, let them go on, see what waits."))


@command(
    group,
    "stop",
    N_(
        "Stop every message to anybody, until `start`.\n\n"
        "Nothing is lost: what would be said waits. Removals and their checks go on."
    ),
    examples=("notices stop --note 'wrong channel'",),
)
async def _stop(
    desk: Desk,
    note: Annotated[str, typer.Option("--note", help=N_("Why; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open(connect=False) as app:
        done = await stop(app, actor=desk.actor, reason=note)
    t = desk.t
    desk.say(t.text("No message leaves any more.") if done else t.text("They were stopped already."))
    return ExitCode.DONE


@command(
    group,
    "start",
    N_("Let messages leave again, those that waited first."),
    examples=("notices start",),
)
async def _start(
    desk: Desk,
    note: Annotated[str, typer.Option("--note", help=N_("Why; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open(connect=False) as app:
        done = await start(app, actor=desk.actor, reason=note)
    desk.say(desk.t.text("Messages leave again.") if done else desk.t.text("They were not stopped."))
    return ExitCode.DONE


@command(
    group,
    "list",
    N_("Say whether messages are stopped, and how many wait."),
    examples=("notices list", "notices list --json"),
)
async def _list(desk: Desk) -> ExitCode:
    async with desk.open(connect=False) as app, app.store.read() as tx:
        by, waiting = await stopped_by(tx), await waiting_notices(tx)
    if desk.json:
        stopped = {"by": by[0], "at": by[1]} if by else None
        desk.data({"stopped": stopped, "by_settings": not desk.settings.notices.enabled, "waiting": waiting})
        return ExitCode.DONE
    if by is not None:
        said = desk.t.text("{name} stopped all messages.", name=desk.t.isolate(by[0].removeprefix("person:")))
        desk.print(said, style="red")
    if not desk.settings.notices.enabled:
        desk.print(desk.t.text("BAWAB_NOTICES__ENABLED=false stops all messages."), style="red")
    desk.print(desk.t.plural("{n} message waits.", "{n} messages wait.", waiting))
    return ExitCode.DONE
