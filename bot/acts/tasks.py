"""A person's word on what only people can do: done, left undone for a while, or not theirs to do."""

from __future__ import annotations

from datetime import datetime

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.messages import Messages
from bot.store.tables import TaskRow
from bot.store.tasks import OPEN_TASKS, task_by_id
from bot.tasks.desk import TaskProblem
from policies.roles import Permission


async def done(app: Bawab, who: Actor, task_id: str, note: str = "") -> TaskRow:
    """Say that a task is done, or was seen done; a sensitive group needs a second, different person.

    By whoever was asked, or by IT. Raises NotAllowed, CannotAct.
    """
    await _may_answer(app, who, task_id)
    try:
        return await Messages(app).tasks.attest(task_id, who.id, note)
    except TaskProblem as error:
        raise _refused(error) from error


async def waive(app: Bawab, who: Actor, task_id: str, reason: str, until: datetime) -> TaskRow:
    """Leave a task undone as an exception, for a reason and until an aware instant; then it is asked again.

    Raises NotAllowed, CannotAct.
    """
    who.must(Permission.TASK_WAIVE)
    if not reason.strip():
        raise CannotAct("reason_missing")
    if until.tzinfo is None or until <= app.now():
        raise CannotAct("until_missing")
    await _open_task(app, who, task_id)
    try:
        return await Messages(app).tasks.waive(task_id, who.id, reason, until)
    except TaskProblem as error:
        raise _refused(error) from error


async def _may_answer(app: Bawab, who: Actor, task_id: str) -> TaskRow:
    task = await _open_task(app, who, task_id)
    if who.may(Permission.TASK_WAIVE):
        return task
    who.must(Permission.OWN_TASKS)
    if task.assignee_id != who.id:
        raise CannotAct("has_signed" if task.first_by == who.id else "not_yours")
    return task


async def _open_task(app: Bawab, who: Actor, task_id: str) -> TaskRow:
    if not who.known_to_hr:
        raise CannotAct("not_known_to_hr")
    async with app.store.read() as tx:
        task = await task_by_id(tx, task_id)
    if task is None:
        raise CannotAct("no_task", what=task_id)
    if task.state not in OPEN_TASKS:
        raise CannotAct("task_ended")
    return task


def _refused(error: TaskProblem) -> CannotAct:
    return CannotAct("task_refused", why=str(error))
