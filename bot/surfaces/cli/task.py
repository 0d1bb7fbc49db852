"""`bawab task list|attest|waive`: what only a person can do, and their word that it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import select

from bot.app import Bawab
from bot.locale import N_, Translator
from bot.locale.keys import remedy_text
from bot.manual_cases import CannotOpen, read_moment
from bot.messages import Messages
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, PersonRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.values import event_from_plain
from bot.words.kinds import TASKS, worded
from policies.model import Refusal

group = new_group("task", N_("What only a person can do: list, confirm, leave undone."))
TaskId = Annotated[str, typer.Argument(metavar="ID", help=N_("The task's id."))]


async def _list(
    desk: Desk,
    every: Annotated[bool, typer.Option("--all", help=N_("Those that have ended, too."))] = False,
) -> ExitCode:
    tasks, wanted = columns(TaskRow), select(table(TaskRow))
    if not every:
        wanted = wanted.where(tasks.state.in_(OPEN_TASKS))
    async with desk.open(connect=False) as app, app.store.read() as tx:
        found = await all_of(tx, TaskRow, wanted.order_by(tasks.deadline, tasks.id))
        steps = await where(tx, StepRow, columns(StepRow).id.in_({task.step_id for task in found}))
        cases = await where(tx, CaseRow, columns(CaseRow).id.in_({task.case_id for task in found}))
        asked = await where(tx, PersonRow, columns(PersonRow).id.in_({task.assignee_id for task in found}))
    if desk.json:
        desk.data(_plain(found, steps, cases))
    elif found:
        _table(desk, found, steps, cases, {row.id: row.name for row in asked})
    else:
        desk.say(desk.t.text("No task is open."))
    return ExitCode.DONE


def _table(
    desk: Desk,
    tasks: Sequence[TaskRow],
    steps: Sequence[StepRow],
    cases: Sequence[CaseRow],
    names: Mapping[str, str],
) -> None:
    t = desk.t
    step_of = {step.id: step for step in steps}
    person_of = {case.id: event_from_plain(case.event).person.name for case in cases}
    headings = [
        t.text("Task"),
        t.text("Person"),
        t.text("Where"),
        t.text("Group"),
        t.text("By when"),
        t.text("Asked"),
        t.text("State"),
        t.text("What to do"),
    ]
    rows = [
        [
            task.id,
            t.isolate(person_of[task.case_id]),
            t.isolate(task.instance),
            t.isolate(_group(step_of[task.step_id])),
            desk.stamp(task.deadline),
            t.isolate(names.get(task.assignee_id, task.assignee_id))
            if task.assignee_id
            else t.text("nobody"),
            worded(TASKS, task.state, t),
            _to_do(step_of.get(task.step_id), t),
        ]
        for task in tasks
    ]
    desk.table(headings, rows)


def _plain(
    tasks: Sequence[TaskRow], steps: Sequence[StepRow], cases: Sequence[CaseRow]
) -> list[dict[str, Any]]:
    """Give tasks as data, each with the person, the group and why the bot does not do it."""
    step_of = {step.id: step for step in steps}
    person_of = {case.id: case.person_id for case in cases}
    return [
        {
            **task.model_dump(),
            "person_id": person_of.get(task.case_id),
            "group_id": step.group_id if step else None,
            "group": _group(step),
            "refusal": step.refusal if step else None,
        }
        for task in tasks
        for step in [step_of.get(task.step_id)]
    ]


def _to_do(step: StepRow | None, t: Translator) -> str:
    """Say what the one who is asked can do: taking out by hand, unless what is in the way says otherwise."""
    refusal = Refusal(step.refusal) if step is not None and step.refusal else Refusal.NO_API
    return remedy_text(refusal, t)


def _group(step: StepRow | None) -> str:
    """Name a step's group: by its id where the platform never told a name, by its act where it has none."""
    return str((step.group or {}).get("name") or step.group_id or step.action) if step else "-"


async def _attest(
    desk: Desk,
    task: TaskId,
    note: Annotated[str, typer.Option("--note", help=N_("What was seen; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open() as app:
        done = await Messages(app).tasks.attest(task, desk.name, note)
        return await _told(desk, app, done)


async def _waive(
    desk: Desk,
    task: TaskId,
    reason: Annotated[str, typer.Option("--reason", help=N_("Why it may stay as it is."))] = "",
    until: Annotated[str, typer.Option("--until", help=N_("An instant with its offset from UTC."))] = "",
) -> ExitCode:
    instant = _instant(until)
    if not isinstance(instant, datetime):
        raise Refused(desk.t.text("Say until when, to the hour: add --until 2026-12-31T18:00+03:00."))
    async with desk.open() as app:
        done = await Messages(app).tasks.waive(task, desk.name, reason, instant)
        return await _told(desk, app, done)


def _instant(until: str) -> date | datetime | None:
    """Read the end of an exception; None for what is no moment at all."""
    try:
        return read_moment(until)
    except CannotOpen:
        return None


async def _told(desk: Desk, app: Bawab, task: TaskRow) -> ExitCode:
    async with app.store.read() as tx:
        step = await one(tx, StepRow, columns(StepRow).id == task.step_id)
        case = await one(tx, CaseRow, columns(CaseRow).id == task.case_id)
    t = desk.t
    if desk.json:
        desk.data(task.model_dump())
    desk.say(
        t.text(
            "{who}: {group} ({instance}): {state}",
            who=t.isolate(event_from_plain(case.event).person.name if case else task.case_id),
            group=t.isolate(_group(step)),
            instance=t.isolate(task.instance),
            state=worded(TASKS, task.state, t),
        )
    )
    return ExitCode.EXCEPTIONS if task.state in OPEN_TASKS else ExitCode.DONE


command(group, "list", N_("List tasks, the most urgent first."), examples=("task list",))(_list)
command(
    group,
    "attest",
    N_("Confirm that it is done, or that you looked and saw it done; --as is your employee id or e-mail."),
    examples=("task attest task_5d20 --as E7 --note 'seen the member list'",),
)(_attest)
command(
    group,
    "waive",
    N_("Leave it undone as an exception, for a reason and until an instant; then it is asked again."),
    examples=("task waive task_5d20 --as E7 --reason 'keeps the archive' --until 2026-12-31T18:00+03:00",),
)(_waive)
