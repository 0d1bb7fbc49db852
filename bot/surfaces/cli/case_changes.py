"""`bawab case reschedule|emergency|confirm`: another day, at once, and a second person's word on it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from bot.access.actor import Actor
from bot.acts import cases as acts
from bot.acts.emergencies import CONFIRM_WITHIN, Hurried
from bot.acts.operator import at_the_machine
from bot.app import Bawab
from bot.locale import N_
from bot.locale.keys import state_text
from bot.manual_cases import read_moment
from bot.people.who import the_person
from bot.states import CaseState
from bot.store.tables import CaseRow
from bot.surfaces.cli.case import CaseId, plain_case
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.values import event_from_plain
from bot.words.holds import hold_line
from policies.model import ExitType


class Word(StrEnum):
    """A second person's word on an emergency."""

    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


def register(group: typer.Typer) -> None:
    """Add the commands to those of cases."""
    command(
        group,
        "reschedule",
        N_("Give a departure another last day, before it begins; an approval of the old one lapses."),
        examples=(
            "case reschedule case_1f3a --last-day 2026-12-15",
            "case reschedule case_1f3a --last-day 2027-01-31 --reason 'contract extended'",
        ),
    )(_reschedule)
    command(
        group,
        "emergency",
        N_(
            "Take somebody out at once, without an approval; a second person confirms it afterwards.\n\n"
            "Give a case's id, or a person: their departure is hurried, or one is opened."
        ),
        examples=("case emergency E1042 --reason 'stolen laptop' --exit-type dismissal",),
    )(_emergency)
    command(
        group,
        "confirm",
        N_("Say, as a second person, whether an emergency was right."),
        examples=("case confirm case_1f3a confirmed --note 'spoke to the manager'",),
    )(_confirm)


async def _reschedule(
    desk: Desk,
    case: CaseId,
    last_day: Annotated[
        str, typer.Option("--last-day", help=N_("A day, or an instant with its offset from UTC."))
    ],
    zone: Annotated[
        str | None, typer.Option("--zone", help=N_("The time zone the day is meant in, such as Asia/Riyadh."))
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))] = "",
) -> ExitCode:
    moment: date | datetime = read_moment(last_day)
    async with desk.open(connect=False) as app:
        who = await at_the_machine(app, desk.name)
        moved = await acts.reschedule_case(app, who, case, moment, zone, reason=reason)
    _tell(desk, moved)
    return ExitCode.DONE if moved.state == CaseState.SCHEDULED else ExitCode.HELD


async def _emergency(
    desk: Desk,
    target: Annotated[
        str, typer.Argument(metavar="PERSON|ID", help=N_("Employee id, e-mail, name, or a case's id."))
    ],
    reason: Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))] = "",
    exit_type: Annotated[
        ExitType, typer.Option("--exit-type", help=N_("HR's word for why."))
    ] = ExitType.UNSTATED,
) -> ExitCode:
    async with desk.open(connect=False) as app:
        who = await at_the_machine(app, desk.name)
        done = await _at_once(app, who, target, exit_type, reason)
    _tell(desk, done.case)
    if done.hold is not None:
        desk.say(hold_line(done.hold, desk.t), style="yellow")
        return ExitCode.HELD
    hours = int(CONFIRM_WITHIN.total_seconds() // 3600)
    said = desk.t.plural(
        "`bawab run` carries it out now. A second person confirms it within {n} hour: {how}",
        "`bawab run` carries it out now. A second person confirms it within {n} hours: {how}",
        hours,
        how=desk.t.isolate(f"bawab case confirm {done.case.id} confirmed"),
    )
    desk.say(said)
    return ExitCode.DONE


async def _at_once(app: Bawab, who: Actor, target: str, exit_type: ExitType, reason: str) -> Hurried:
    if target.startswith("case_"):
        return await acts.revoke_now(app, who, target, reason)
    async with app.store.read() as tx:
        person = await the_person(tx, target)
    return await acts.revoke_person_now(app, who, person.id, exit_type, reason)


async def _confirm(
    desk: Desk,
    case: CaseId,
    verdict: Annotated[Word, typer.Argument(help=N_("Whether it was right."))],
    note: Annotated[str, typer.Option("--note", help=N_("What was found; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open(connect=False) as app:
        who = await at_the_machine(app, desk.name)
        row = await acts.confirm_emergency(app, who, case, verdict.value, note)
    if desk.json:
        desk.data(row.model_dump(exclude={"reason"}))
    said = {
        Word.CONFIRMED: N_("{case}: the emergency is confirmed."),
        Word.DISPUTED: N_("{case}: the emergency is disputed; what had not begun is stopped."),
    }
    desk.say(desk.t.text(said[verdict], case=row.case_id))
    return ExitCode.DONE


def _tell(desk: Desk, case: CaseRow) -> None:
    t = desk.t
    if desk.json:
        desk.data(plain_case(case))
    else:
        desk.print(case.id)
    desk.say(
        t.text(
            "{person}: {state}; due {due}",
            person=t.isolate(event_from_plain(case.event).person.name),
            state=state_text(CaseState(case.state), t),
            due=desk.moment(case.due, case.zone) or "-",
        )
    )
