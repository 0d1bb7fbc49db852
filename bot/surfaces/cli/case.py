"""`bawab case list|show|new|cancel|revoke-now|retry`: what is being carried out for whom."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.audit.tail import names_of
from bot.case_file import case_file, list_cases, the_case
from bot.hurry import revoke_now
from bot.locale import N_
from bot.locale.keys import state_text
from bot.manual_cases import ByHand, cancel_by_hand, open_by_hand, read_moment
from bot.retrying import retry
from bot.states import CaseState
from bot.store.people import find_people
from bot.store.query import columns, where
from bot.store.tables import CaseRow, PersonRow
from bot.surfaces.cli.case_page import acting, group_names, plain_file, show_file
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.values import event_from_plain
from bot.words.holds import hold_line, plain_hold
from bot.words.kinds import KINDS, worded
from policies.model import ExitType

group = new_group("case", N_("Cases: list, show, open, cancel, hurry."))
CaseId = Annotated[str, typer.Argument(metavar="ID", help=N_("The case's id, or its beginning."))]


def register_all() -> None:
    """Add every command of the group."""
    command(
        group,
        "list",
        N_("List open cases, the next due first."),
        examples=("case list", "case list --all --person E1042"),
    )(_list)
    command(
        group,
        "show",
        N_("Show one case: its timeline, each step with its evidence and remedy, gaps, and what remains."),
        examples=("case show case_1f3a", "case show case_1f3a --json"),
    )(_show)
    command(
        group,
        "new",
        N_("Open a departure by hand, for somebody HR has named; every guard binds as for a feed."),
        examples=(
            "case new E1042 --last-day 2026-11-30",
            "case new E1042 --last-day 2026-11-30T18:00+03:00 --exit-type dismissal",
            "case new E1042 --now",
        ),
    )(_new)
    command(
        group,
        "cancel",
        N_("Cancel a case; what was done already stays done and is said."),
        examples=("case cancel case_1f3a --reason 'stays after all'",),
    )(_cancel)
    command(
        group,
        "revoke-now",
        N_("Make a case due at once, before everything else; what a guard holds stays held."),
        examples=("case revoke-now case_1f3a",),
    )(_revoke_now)
    command(
        group,
        "retry",
        N_(
            "Try again what a case left undone, once somebody mended what stood in the way (a right, a "
            "permission, a second owner).\n\nEvery guard looks again before each call; what a person was "
            "asked to do by hand stays theirs."
        ),
        examples=("case retry case_1f3a",),
    )(_retry)


async def _list(
    desk: Desk,
    every: Annotated[bool, typer.Option("--all", help=N_("Those that have ended, too."))] = False,
    person: Annotated[
        str | None, typer.Option("--person", help=N_("Employee id, e-mail address or name."))
    ] = None,
) -> ExitCode:
    async with desk.open(connect=False) as app:
        wanted: list[str] | None = None
        if person is not None:
            async with app.store.read() as tx:
                wanted = [row.id for row in await find_people(tx, person)]
        cases = await list_cases(app, every=every, person=wanted)
    if desk.json:
        desk.data([plain_case(case) for case in cases])
    elif cases:
        _table(desk, cases)
    else:
        desk.say(desk.t.text("No case is open."))
    return ExitCode.DONE


def plain_case(case: CaseRow) -> dict[str, Any]:
    """Give a case as data."""
    return {**case.model_dump(exclude={"event"}), "person": _name(case)}


def _table(desk: Desk, cases: list[CaseRow]) -> None:
    t = desk.t
    late = t.text("overdue")
    headings = [t.text("Case"), t.text("Person"), t.text("What"), t.text("Due"), t.text("State")]
    rows = [
        [
            case.id,
            t.isolate(_name(case)),
            worded(KINDS, case.kind, t),
            desk.stamp(case.due, case.zone) + (f" ({late})" if case.overdue else ""),
            state_text(CaseState(case.state), t),
        ]
        for case in cases
    ]
    desk.table(headings, rows)


async def _show(desk: Desk, case: CaseId) -> ExitCode:
    async with desk.open() as app:
        found = await case_file(app, case)
        async with app.store.read() as tx:
            names = await names_of(tx, {row["subject"] for row in found.timeline if row["subject"]})
            people = await where(tx, PersonRow, columns(PersonRow).id.in_(acting(found)))
            names |= {row.id: row.name for row in people}
            groups = await group_names(tx, found.gaps)
    if desk.json:
        desk.data(plain_file(found))
    else:
        show_file(desk, found, names, groups)
    return ExitCode.DONE


async def _new(
    desk: Desk,
    person: Annotated[str, typer.Argument(help=N_("Employee id, e-mail address or name."))],
    last_day: Annotated[
        str | None,
        typer.Option("--last-day", help=N_("A day, or an instant with its offset from UTC.")),
    ] = None,
    now: Annotated[bool, typer.Option("--now", help=N_("At once, instead of a last day."))] = False,
    exit_type: Annotated[
        ExitType, typer.Option("--exit-type", help=N_("HR's word for why."))
    ] = ExitType.UNSTATED,
) -> ExitCode:
    if (last_day is None) != now:
        raise Refused(desk.t.text("Say when: give --last-day, or --now, and not both."))
    effective = read_moment(last_day) if last_day else None
    asked = ByHand(person, effective, exit_type, desk.actor, urgent=now)
    async with desk.open(connect=False) as app:
        opened = await open_by_hand(app, asked)
    t, case = desk.t, opened.case
    if desk.json:
        desk.data({**plain_case(case), "holds": [plain_hold(hold) for hold in opened.holds]})
    else:
        desk.print(case.id)
    desk.say(
        t.text(
            "{person}: {state}; due {due}",
            person=t.isolate(opened.person.name),
            state=state_text(CaseState(case.state), t),
            due=desk.moment(case.due, case.zone) or "-",
        )
    )
    for hold in opened.holds:
        desk.say(hold_line(hold, t))
    return ExitCode.HELD if opened.holds else ExitCode.DONE


async def _cancel(
    desk: Desk,
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))] = "by_hand",
) -> ExitCode:
    async with desk.open(connect=False) as app:
        found = await the_case(app, case)
        done = await cancel_by_hand(app, found, reason=reason, actor=desk.actor)
    return _told(
        desk, found, done, N_("{case} is cancelled."), N_("{case} had ended already; nothing changed.")
    )


async def _revoke_now(desk: Desk, case: CaseId) -> ExitCode:
    async with desk.open(connect=False) as app:
        found = await the_case(app, case)
        done = await revoke_now(app, found, actor=desk.actor)
    held = done and found.state != CaseState.SCHEDULED
    code = _told(
        desk,
        found,
        done,
        N_("{case} is due now; `bawab run` carries it out."),
        N_("{case} has begun or ended already; nothing changed."),
    )
    return ExitCode.HELD if code is ExitCode.DONE and held else code


async def _retry(desk: Desk, case: CaseId) -> ExitCode:
    async with desk.open(connect=False) as app:
        found = await the_case(app, case)
        steps = await retry(app, found, actor=desk.actor)
    if desk.json:
        desk.data({"case": found.id, "steps": steps})
    elif not steps:
        desk.say(desk.t.text("{case} has left nothing undone that could be tried again.", case=found.id))
    else:
        said = desk.t.plural(
            "{case}: {n} step is tried again; `bawab run` carries it out.",
            "{case}: {n} steps are tried again; `bawab run` carries them out.",
            steps,
            case=found.id,
        )
        desk.say(said)
    return ExitCode.DONE if steps else ExitCode.USAGE


def _told(desk: Desk, case: CaseRow, done: bool, yes: str, no: str) -> ExitCode:
    if desk.json:
        desk.data({"case": case.id, "changed": done})
    desk.say(desk.t.text(yes if done else no, case=case.id))
    return ExitCode.DONE if done else ExitCode.USAGE


def _name(case: CaseRow) -> str:
    return event_from_plain(case.event).person.name


register_all()
