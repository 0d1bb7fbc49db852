"""`I cannot do this`: a task goes to the next in line at once, instead of at its deadline."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.access.seats import give_to, next_in_line
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.store.tables import TaskRow
from bot.store.tasks import OPEN_TASKS, task_by_id
from policies.roles import Permission


async def cannot(app: Bawab, who: Actor, task_id: str) -> TaskRow:
    """Hand one's own task to the next in line. Raises NotAllowed, CannotAct where there is nobody else."""
    who.must(Permission.OWN_TASKS)
    async with app.store.write() as tx:
        task = await task_by_id(tx, task_id)
        if task is None:
            raise CannotAct("no_task", what=task_id)
        if task.state not in OPEN_TASKS:
            raise CannotAct("task_ended")
        if task.assignee_id != who.id:
            raise CannotAct("not_yours")
        heir = await next_in_line(app, tx, task, without={who.id})
        if heir is None:
            raise CannotAct("nobody_else")
        return await give_to(app, tx, task, heir, by=who.id)
