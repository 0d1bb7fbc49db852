"""What somebody was asked to do, handed to the next in line: because they leave, or because they cannot."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.messages import Messages
from bot.store.query import columns, where
from bot.store.tables import TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.tasks.desk import IT, Desk, OpenTask, TaskRules, changed

Heir = tuple[int, str]
"""The level (owner, deputy, IT) and the employee id of who is asked next."""


async def hand_on_tasks(app: Bawab, tx: AsyncConnection, person_id: str) -> list[tuple[TaskRow, str | None]]:
    """Hand every open task of a leaver to the next in line; gives each with its heir, None for nobody."""
    tasks = columns(TaskRow)
    theirs = await where(tx, TaskRow, tasks.assignee_id == person_id, tasks.state.in_(OPEN_TASKS))
    handed: list[tuple[TaskRow, str | None]] = []
    for task in sorted(theirs, key=_id):
        heir = await next_in_line(app, tx, task, without={person_id})
        await give_to(app, tx, task, heir)
        handed.append((task, heir[1] if heir else None))
    return handed


async def next_in_line(
    app: Bawab, tx: AsyncConnection, task: TaskRow, *, without: Collection[str]
) -> Heir | None:
    """Give who is asked after whoever was: the next level first, then anybody of the line; or nobody."""
    desk = desk_of(app)
    matter = await desk.matter(tx, task.case_id)
    line = await desk.line(tx, await desk.step(tx, task.step_id), matter)
    others = [pair for pair in line if pair[1] not in {*without, task.assignee_id, task.first_by}]
    above = [pair for pair in others if pair[0] > task.escalation]
    return next(iter([*above, *others]), None)


async def give_to(
    app: Bawab, tx: AsyncConnection, task: TaskRow, heir: Heir | None, *, by: str | None = None
) -> TaskRow:
    """Give a task to its heir, logged; without one it stands open, unassigned. Notices read whose it is."""
    desk = desk_of(app)
    matter = await desk.matter(tx, task.case_id)
    now, left = matter.now, max(task.deadline - matter.now, desk.rules.urgent_time)
    values = {
        "escalation": heir[0] if heir else IT,
        "assignee_id": heir[1] if heir else None,
        "reminders": task.reminders + 1,
        "deadline": now + left,
        "next_reminder_at": now + left / 2,
    }
    await desk.set(tx, task, values)
    moved = changed(task, values)
    found = OpenTask(moved, await desk.step(tx, task.step_id), matter)
    after = {"reminders": moved.reminders, "level": moved.escalation}
    await desk.log(tx, Action.TASK_ESCALATE, found, task.state, after, by=by)
    return moved


def desk_of(app: Bawab) -> Desk:
    """Give the desk behind the tasks, as the service sets it up."""
    rules = TaskRules(it_contact=app.settings.it_contact)
    return Desk(app.store, app.audit, Messages(app).outbox, rules, app.now)


def _id(task: TaskRow) -> str:
    return task.id
