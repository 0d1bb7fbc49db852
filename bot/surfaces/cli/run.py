"""`bawab run [--once]`: the service on this machine, telling what it does from the log as it grows."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app import Bawab
from bot.audit.tail import last_seq
from bot.locale import N_
from bot.log_check import check_log
from bot.only_one import only_one
from bot.run_result import RunResult, run_result
from bot.runs import QUIET_SECONDS
from bot.settings import SettingsProblem
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.follow import Follower
from bot.surfaces.web.address import console_address

if TYPE_CHECKING:  # no other command waits for a server, a clock and the platforms' SDKs
    from bot.service import Service

INTERRUPTED = 130
WHOLE_LOG = 100_000
"""Entries that are verified one by one at a start, in about two seconds; of a longer log its signed heads."""


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "run",
        N_(
            "Watch HR and carry out what is due, until stopped (or, with --once, until nothing is due).\n\n"
            "Tells what happens from the audit log as it grows. Ctrl-C finishes the step under way; a second "
            "Ctrl-C stops at once, and nothing is lost."
        ),
        examples=("run", "run --once", "run --once --json"),
    )(_run)


async def _run(
    desk: Desk,
    once: Annotated[bool, typer.Option("--once", help=N_("End when nothing is due soon."))] = False,
    quiet: Annotated[
        float, typer.Option("--quiet-seconds", min=0, help=N_("With --once: how soon is soon."))
    ] = QUIET_SECONDS,
    names: Annotated[
        bool | None,
        typer.Option("--names/--no-names", help=N_("Show names; by default only on a terminal.")),
    ] = None,
) -> ExitCode:
    from bot.service import Service  # noqa: PLC0415 - as above

    something_to_do(desk)
    async with desk.open(read_only=False) as app, only_one(app, alone=once):
        since = await last_seq(app.store)
        await _look_at_log(desk, app)
        service = Service(app)
        shown = desk.err.is_terminal if names is None else names
        async with Follower(desk, app, since, names=shown).following():
            with stopping(desk, service):
                await (_once(app, service, quiet) if once else forever(desk, app, service))
        _late(desk, service.arriving())
        return _tell(desk, await run_result(app, since))


def something_to_do(desk: Desk) -> None:
    """Raise SettingsProblem where no platform is configured: an empty run would look like a good one."""
    settings = desk.settings
    if not settings.instance_names:
        raise SettingsProblem(
            "BAWAB_SLACK__<NAME>__BOT_TOKEN: no platform is configured, so there is nobody to take out of "
            "anything. Copy .env.example to .env, fill it in, and run `bawab check`."
        )
    if not settings.hr:
        desk.say(desk.t.text("No HR source is configured: only cases opened by hand are carried out."))


def _late(desk: Desk, names: Sequence[str]) -> None:
    for name in names:
        said = N_("{file} was still arriving and is not read yet; run again.")
        desk.say(desk.t.text(said, file=desk.t.isolate(name)), style="yellow")


async def _look_at_log(desk: Desk, app: Bawab) -> None:
    """Say at once where the log is not whole. Removals go on: a broken log must keep nobody in a group."""
    heads_only = await last_seq(app.store) > WHOLE_LOG
    found = await check_log(app, actor="bawab", heads_only=heads_only)
    if not found.ok:
        desk.say(
            desk.t.text("The audit log is not whole; run `bawab audit verify`, and keep the disk."),
            style="red",
        )


async def forever(desk: Desk, app: Bawab, service: Service) -> None:
    """Listen, hear the platforms, tick and drain, until stopped."""
    from bot.surfaces.beside import beside  # noqa: PLC0415 - as above
    from bot.surfaces.listener import listening  # noqa: PLC0415 - as above

    async with listening(app) as heard_at, beside(app):
        console = console_address(app.settings, heard_at)
        if console is not None:
            desk.say(desk.t.text("The console is at {url}", url=console))
        await service.forever()


async def _once(app: Bawab, service: Service, quiet: float) -> None:
    from bot.surfaces.beside import fetch_waiting  # noqa: PLC0415 - as above

    await fetch_waiting(app)
    await service.once(quiet=quiet)


@contextmanager
def stopping(desk: Desk, service: Service) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop gracefully and the second at once."""
    loop, asked = asyncio.get_running_loop(), [0]

    def stop() -> None:
        asked[0] += 1
        if asked[0] > 1:
            os._exit(INTERRUPTED)  # every intention is on disk already; the next start reads it back
        desk.say(desk.t.text("Stopping after the step under way; once more stops at once."))
        service.stop()

    caught = (signal.SIGINT, signal.SIGTERM)
    for number in caught:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def code_of(result: RunResult) -> ExitCode:
    """Give the worst that applies to what the run touched."""
    return ExitCode.worst(
        ExitCode.EXCEPTIONS if result.exceptions else ExitCode.DONE,
        ExitCode.HELD if result.held or result.refused else ExitCode.DONE,
        ExitCode.OPERATOR if result.operator else ExitCode.DONE,
    )


def _tell(desk: Desk, result: RunResult) -> ExitCode:
    t, code = desk.t, code_of(result)
    if desk.json:
        desk.line({"summary": result, "exit": int(code)})
        return code
    told = [
        t.plural("{n} step touched", "{n} steps touched", sum(result.steps.values())),
        t.plural("{n} exception", "{n} exceptions", result.exceptions),
        t.plural("{n} held", "{n} held", result.held),
    ]
    desk.say(t.text("; ").join(told))
    if result.refused:
        desk.say(
            t.plural(
                "{n} HR file cannot be read, and nothing of it can be released: a new file is needed.",
                "{n} HR files cannot be read, and nothing of them can be released: a new file is needed.",
                result.refused,
            ),
            style="yellow",
        )
    if result.operator:
        desk.say(t.text("An operator is needed: see `bawab check`."), style="red")
    elif result.held:
        desk.say(t.text("Something waits for a release: see `bawab status`."), style="yellow")
    return code
