"""`bawab task list|attest|waive`: what only a person can do, and their word that it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select

from bot.locale import N_
from bot.manual_cases import read_moment
from bot.messages import Messages
from bot.store.query import all_of, columns, table, where
from bot.store.tables import CaseRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.surfaces.cli.words import TASKS, worded
from bot.values import event_from_plain

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
    if desk.json:
        desk.data([task.model_dump() for task in found])
    elif found:
        _table(desk, found, steps, cases)
    else:
        desk.say(desk.t.text("No task is open."))
    return ExitCode.DONE


def _table(desk: Desk, tasks: Sequence[TaskRow], steps: Sequence[StepRow], cases: Sequence[CaseRow]) -> None:
    t = desk.t
    step_of = {step.id: step for step in steps}
    person_of = {case.id: event_from_plain(case.event).person.name for case in cases}
    headings = [
        t.text("Task"),
        t.text("Person"),
        t.text("Platform"),
        t.text("Group"),
        t.text("By when"),
        t.text("Asked"),
        t.text("State"),
    ]
    rows = [
        [
            task.id,
            t.isolate(person_of[task.case_id]),
            t.isolate(task.instance),
            t.isolate((step_of[task.step_id].group or {}).get("name", "")),
            desk.stamp(task.deadline),
            t.isolate(task.assignee_id) if task.assignee_id else t.text("nobody"),
            worded(TASKS, task.state, t),
        ]
        for task in tasks
    ]
    desk.table(headings, rows)


async def _attest(
    desk: Desk,
    task: TaskId,
    note: Annotated[str, typer.Option("--note", help=N_("What was seen; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open() as app:
        done = await Messages(app).tasks.attest(task, desk.name, note)
    return _told(desk, done)


async def _waive(
    desk: Desk,
    task: TaskId,
    reason: Annotated[str, typer.Option("--reason", help=N_("Why it may stay as it is."))] = "",
    until: Annotated[str, typer.Option("--until", help=N_("An instant with its offset from UTC."))] = "",
) -> ExitCode:
    instant = read_moment(until) if until else None
    if not isinstance(instant, datetime):
        raise Refused(desk.t.text("Say until when, to the hour: add --until 2026-12-31T18:00+03:00."))
    async with desk.open() as app:
        done = await Messages(app).tasks.waive(task, desk.name, reason, instant)
    return _told(desk, done)


def _told(desk: Desk, task: TaskRow) -> ExitCode:
    if desk.json:
        desk.data(task.model_dump())
    desk.say(f"{task.id}: {worded(TASKS, task.state, desk.t)}")
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
