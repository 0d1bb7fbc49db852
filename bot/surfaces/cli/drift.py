"""`bawab drift [remove|accept]`: who is in again although they should be out, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from bot.drift.desk import DriftProblem, accept, list_drifts, remove
from bot.drift.record import DriftState, Why
from bot.locale import N_
from bot.locale.keys import REFUSALS, STEP_STATES, refusal_text, state_text
from bot.manual_cases import CannotOpen, read_moment
from bot.states import StepState
from bot.store.group_tables import DriftRow
from bot.store.query import columns, where
from bot.store.tables import PersonRow
from bot.surfaces.cli.commands import command, new_group, with_shared
from bot.surfaces.cli.desk import Desk, Options
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.words.kinds import ACTIONS, worded
from policies.model import Refusal

group = new_group("drift", N_("Who is in again although they should be out: list, remove, accept."))
group.info.invoke_without_command = True
group.info.no_args_is_help = False
DriftIds = Annotated[
    list[str], typer.Argument(metavar="ID…", help=N_("The ids of drifts, or their beginnings."))
]
DriftId = Annotated[str, typer.Argument(metavar="ID", help=N_("The drift's id, or its beginning."))]

WHYS: dict[str, str] = {
    Why.CAME_BACK: N_("came back"),
    Why.SECOND_ACCOUNT: N_("by a second account"),
    Why.NEW_GROUP: N_("in a group they were not in before"),
    Why.OLD_POST: N_("in a group of the old post"),
}
STATES: dict[str, str] = {
    DriftState.OPEN: N_("waits for a decision"),
    DriftState.REMOVING: N_("is being removed again"),
    DriftState.REMOVED: N_("removed again, and checked"),
    DriftState.GONE: N_("left again by themselves"),
    DriftState.ACCEPTED: N_("accepted for a while"),
    DriftState.CLOSED: N_("rightly in by now"),
}
NOTES: dict[str, str] = {
    "asked_by_policy": N_("the rule says to ask"),
    "later_last_day": N_("HR has since announced a later last day"),
    "not_in_plan": N_("today's plan could not confirm it"),
    "run_threshold": N_("more people at once than a run may remove unasked"),
    "day_threshold": N_("more people than a day may remove unasked"),
    "exception_over": N_("the exception has run out"),
    "hired_again": N_("hired again"),
    "returned": N_("back from leave"),
    "case_cancelled": N_("the case was cancelled"),
    "no_longer_planned": N_("the rule leaves them in this group by now"),
}
_QUIET = frozenset({"", "read_back", "left_again"})


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
            _group(desk, row),
            worded(WHYS, row.why, t),
            desk.stamp(row.found_at),
            _state(desk, row),
        ]
        for row in rows
    ]
    desk.table(headings, lines)


def _group(desk: Desk, row: DriftRow) -> str:
    """Name the group, or the act where the drift is about the account itself."""
    if row.group_id in ACTIONS:
        return worded(ACTIONS, row.group_id, desk.t)
    return desk.t.isolate(row.group_name or row.group_id)


def _state(desk: Desk, row: DriftRow) -> str:
    t, said = desk.t, worded(STATES, row.state, desk.t)
    if row.state == DriftState.ACCEPTED and row.accepted_until:
        until = desk.stamp(row.accepted_until)
        return t.text("{state}, until {until}: {why}", state=said, until=until, why=t.isolate(row.note))
    why = "" if row.note in _QUIET else _why(desk, row.note)
    return t.text("{state}: {why}", state=said, why=why) if why else said


def _why(desk: Desk, note: str) -> str:
    if note in {refusal.value for refusal in REFUSALS}:
        return refusal_text(Refusal(note), desk.t)
    if note in {state.value for state in STEP_STATES}:
        return state_text(StepState(note), desk.t)
    return worded(NOTES, note, desk.t)


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
