"""What only people can do: listed, and their word on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from bot.acts import tasks as acts
from bot.store.tables import TaskRow
from bot.store.tasks import task_by_id
from bot.surfaces.api.caller import Called, Caller
from bot.surfaces.api.moments import meant
from bot.surfaces.api.paging import page_of
from bot.surfaces.api.problems import Code, Problem
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import TaskDone, TaskWaive
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Key, Limit, Page
from bot.surfaces.api.shapes.work import Task, TaskState
from bot.views.tasks import TaskLine, tasks

router = APIRouter(route_class=Route, tags=["tasks"])
TaskId = Annotated[str, Path(pattern=r"^task_[0-9a-f]{12}$", examples=["task_4f2a9c01d3b7"])]
Ended = Annotated[bool, Query(description="Those that ended, at most 200; else those that are open")]


@router.get("/tasks", openapi_extra={PERMISSION: ["task.read|own.tasks"]})
async def list_tasks(
    caller: Called,
    ended: Ended = False,
    cursor: Cursor = None,
    limit: Limit = FIRST_PAGE,
) -> Page[Task]:
    """List tasks by deadline: one's own, and everybody's for `task.read`."""
    found = await tasks(caller.app, caller.who, ended=ended)
    listing = f"tasks/{ended}"
    return page_of(listing, (*found.mine, *found.others), _urgency, Task, cursor, limit)


def _urgency(line: TaskLine) -> tuple[str, ...]:
    return line.deadline.isoformat(), line.id


@router.post("/tasks/{task_id}/done", openapi_extra={PERMISSION: ["own.tasks|task.waive"]})
async def done(caller: Called, task_id: TaskId, asked: TaskDone, key: Key) -> TaskState:  # noqa: ARG001 - read by the route
    """Say that a task is done; of a sensitive group a second, different person must say so too."""
    if caller.did:
        return TaskState.model_validate(await _task(caller, task_id))
    return TaskState.model_validate(await acts.done(caller.app, caller.who, task_id, asked.note))


@router.post("/tasks/{task_id}/waive", openapi_extra={PERMISSION: ["task.waive"]})
async def waive(caller: Called, task_id: TaskId, asked: TaskWaive, key: Key) -> TaskState:  # noqa: ARG001 - read by the route
    """Leave a task undone as an exception, for a reason and no longer than until an instant."""
    until = asked.until
    meant(until)
    if caller.did:
        return TaskState.model_validate(await _task(caller, task_id))
    return TaskState.model_validate(await acts.waive(caller.app, caller.who, task_id, asked.reason, until))


async def _task(caller: Caller, task_id: str) -> TaskRow:
    async with caller.app.store.read() as tx:
        found = await task_by_id(tx, task_id)
    if found is None:
        raise Problem(Code.NOT_FOUND, "no task is called so")
    return found
