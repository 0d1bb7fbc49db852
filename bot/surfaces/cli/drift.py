"""`bawab drift [remove|accept]`: who is in again although they should be out, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from bot.drift.desk import DriftProblem, accept, list_drifts, remove
from bot.locale import N_
from bot.manual_cases import CannotOpen, read_moment
from bot.store.group_tables import DriftRow
from bot.store.query import columns, where
from bot.store.tables import PersonRow
from bot.surfaces.cli.commands import command, new_group, with_shared
from bot.surfaces.cli.desk import Desk, Options
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.words.drifts import WHYS, drift_group, drift_state
from bot.words.kinds import worded

group = new_group("drift", N_("Who is in again although they should be out: list, remove, accept."))
group.info.invoke_without_command = True
group.info.no_args_is_help = False
DriftIds = Annotated[
    list[str], typer.Argument(metavar="ID…", help=N_("The ids of drifts, or their beginnings."))
]
DriftId = Annotated[str, typer.Argument(metavar="ID", help=N_("The drift's id, or its beginning."))]


async def _list(
    desk: Desk,
    every: Annotated[bool, typer.Option("--all", help=N_("Those that are over, too."))] = False,
) -> ExitCode:
    async with desk.open(connect=False) as app, app.store.read() as tx:
        rows = await list_drifts(tx, every=every)
        people = await where(tx, PersonRow, columns(PersonRow).id.in_({row.person_id for row in rows}))
    names = {row.id: row.name for row in people}
    if desk.json:
        desk.data([plain(row, names) for row in rows])
    elif rows:
        table(desk, rows, names)
    else:
        desk.say(desk.t.text("Nobody is in who should be out, as far as was looked."))
    return ExitCode.DONE


def plain(row: DriftRow, names: Mapping[str, str]) -> dict[str, Any]:
    """Give a drift as data."""
    return {**row.model_dump(), "person": names.get(row.person_id, row.person_id)}


def table(desk: Desk, rows: Sequence[DriftRow], names: Mapping[str, str]) -> None:
    """Print drifts, one a row."""
    t = desk.t
    headings = [
        t.text("Drift"),
        t.text("Person"),
        t.text("Where"),
        t.text("Group"),
        t.text("How"),
        t.text("Found"),
        t.text("State"),
    ]
    lines = [
        [
            row.id,
            t.isolate(names.get(row.person_id, row.person_id)),
            t.isolate(row.instance),
            drift_group(desk, row),
            worded(WHYS, row.why, t),
            desk.stamp(row.found_at),
            drift_state(desk, row, desk.stamp(row.accepted_until)),
        ]
        for row in rows
    ]
    desk.table(headings, lines)


async def _remove(desk: Desk, drift: DriftIds) -> ExitCode:
    async with desk.open() as app:
        try:
            rows = await remove(app, drift, actor=desk.actor)
        except DriftProblem as problem:
            raise Refused(str(problem)) from None
    if desk.json:
        desk.data([row.model_dump() for row in rows])
    desk.say(
        desk.t.plural(
            "{n} membership will be removed again, by `bawab run`.",
            "{n} memberships will be removed again, by `bawab run`.",
            len(rows),
        )
    )
    return ExitCode.DONE


async def _accept(
    desk: Desk,
    drift: DriftId,
    until: Annotated[
        str, typer.Option("--until", help=N_("A day, or an instant with its offset from UTC."))
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help=N_("Why they may stay in."))] = "",
) -> ExitCode:
    instant = _end_of(desk, until)
    async with desk.open(connect=False) as app:
        try:
            row = await accept(app, drift, until=instant, reason=reason, actor=desk.actor)
        except DriftProblem as problem:
            raise Refused(str(problem)) from None
    if desk.json:
        desk.data(row.model_dump())
    desk.say(desk.t.text("Accepted until {until}; then it is open again.", until=desk.moment(instant)))
    return ExitCode.DONE


def _end_of(desk: Desk, until: str) -> datetime:
    """Read the end of an exception; a day counts to its end, in the zone of the settings."""
    try:
        moment: date | datetime = read_moment(until)
    except CannotOpen:
        said = desk.t.text("Say until when: add --until 2026-12-31, or --until 2026-12-31T18:00+03:00.")
        raise Refused(said) from None
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, datetime.max.time().replace(microsecond=0), tzinfo=desk.tzinfo)


def _bare(context: typer.Context, **given: Any) -> None:
    """`bawab drift` alone lists."""
    context.obj = Options(**given).over(context.obj or Options())
    if context.invoked_subcommand is None:
        group_: Any = context.command
        listing = group_.commands["list"]
        with listing.make_context("list", [], parent=context) as inner:
            listing.invoke(inner)


group.callback()(with_shared(_bare, []))
command(
    group, "list", N_("List who is in again and waits for a decision."), examples=("drift list", "drift")
)(_list)
command(
    group,
    "remove",
    N_("Have them taken out again; every guard looks once more before each call."),
    examples=("drift remove drift_5d20 drift_77ab --as noura",),
)(_remove)
command(
    group,
    "accept",
    N_("Let it be as an exception, for a reason and until a day; then it is open again."),
    examples=("drift accept drift_5d20 --until 2026-12-31 --reason 'hands over' --as noura",),
)(_accept)
