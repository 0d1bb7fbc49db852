"""`bawab reconcile`: everybody departed, and every mover, compared with every group."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from bot.app import Bawab
from bot.drift.desk import list_drifts
from bot.drift.reconcile import Reconciler, Report
from bot.locale import N_
from bot.store.query import columns, where
from bot.store.tables import PersonRow
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.drift import table
from bot.surfaces.cli.exit_codes import ExitCode


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "reconcile",
        N_(
            "Compare everybody departed, and every mover, with every group, and record who is in again.\n\n"
            "Goes on where a run of the last day stopped. Takes nobody out itself: what the rule lets be "
            "removed, `bawab run` carries out; the rest waits in `bawab drift`."
        ),
        examples=("reconcile", "reconcile --fresh", "reconcile --json"),
    )(_reconcile)


async def _reconcile(
    desk: Desk,
    fresh: Annotated[
        bool, typer.Option("--fresh", help=N_("Begin anew, even if a run is not finished."))
    ] = False,
) -> ExitCode:
    async with desk.open() as app:
        report = await _read(desk, app, fresh=fresh)
        async with app.store.read() as tx:
            rows = await list_drifts(tx)
            people = await where(tx, PersonRow, columns(PersonRow).id.in_({row.person_id for row in rows}))
    if desk.json:
        desk.data({**asdict(report), "complete": report.complete, "open": [row.model_dump() for row in rows]})
    else:
        if rows:
            table(desk, rows, {row.id: row.name for row in people})
        _tell(desk, report)
    return ExitCode.EXCEPTIONS if report.asked or report.unread or report.unreadable else ExitCode.DONE


async def _read(desk: Desk, app: Bawab, *, fresh: bool) -> Report:
    reconciler = Reconciler(app)
    row = await reconciler.begin(actor=desk.actor, fresh=fresh)
    done, total = await reconciler.progress(row)
    if done:
        said = desk.t.text("Going on: {done} of {all} are read already.", done=str(done), all=str(total))
        desk.say(said)
    try:
        with desk.progress(desk.t.text("Comparing")) as report:
            while await reconciler.advance(row, most=1):
                if report is not None:
                    report(*await reconciler.progress(row))
    except asyncio.CancelledError:
        desk.say(desk.t.text("Stopped. What was read is kept: `bawab reconcile` goes on from there."))
        raise
    return await reconciler.conclude(row)


def _tell(desk: Desk, report: Report) -> None:
    t = desk.t
    told = [
        t.plural("{n} person compared", "{n} people compared", report.people),
        t.plural("{n} group read", "{n} groups read", report.groups),
        t.plural("{n} call", "{n} calls", report.calls),
        t.plural("{n} drift found", "{n} drifts found", report.found),
        t.plural("{n} to be removed by the rule", "{n} to be removed by the rule", report.removing),
        t.plural("{n} asked", "{n} asked", report.asked),
        t.plural("{n} gap", "{n} gaps", report.gaps),
    ]
    if report.known:
        told.append(
            t.plural("{n} still in, as its case says", "{n} still in, as their cases say", report.known)
        )
    desk.say(t.text("; ").join(told))
    if report.beyond_guard:
        desk.say(
            t.plural(
                "{n} was not removed unasked: a run guard was passed, so all of them are asked.",
                "{n} were not removed unasked: a run guard was passed, so all of them are asked.",
                report.beyond_guard,
            ),
            style="yellow",
        )
    if report.removing:
        desk.say(t.text("What the rule removes, `bawab run` carries out."))
    if report.asked:
        desk.say(t.text("Decide: `bawab drift remove ID` or `bawab drift accept ID`."), style="yellow")
    if report.unreadable:
        desk.say(
            t.plural(
                "{n} person or group could not be read and was left out.",
                "{n} people or groups could not be read and were left out.",
                report.unreadable,
            ),
            style="yellow",
        )
    for name, why in report.unread.items():
        desk.say(
            t.text(
                "{instance} was not read to the end: {why}. Run it again to go on.",
                instance=t.isolate(name),
                why=t.isolate(why),
            ),
            style="red",
        )
