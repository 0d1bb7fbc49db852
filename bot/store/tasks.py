"""Queries over manual tasks: which are open, due for a reminder, or past their waiver."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import CaseState
from bot.store.query import all_of, change, columns, one, table, where
from bot.store.tables import CaseRow, PersonRow, StepRow, TaskRow

_task = columns(TaskRow)
OPEN_TASKS = ("open", "half_attested")


async def task_by_id(tx: AsyncConnection, task_id: str) -> TaskRow | None:
    """Give one task."""
    return await one(tx, TaskRow, _task.id == task_id)


async def task_of_step(tx: AsyncConnection, step_id: str) -> TaskRow | None:
    """Give the task a step was delegated as."""
    return await one(tx, TaskRow, _task.step_id == step_id)


async def tasks_of_case(tx: AsyncConnection, case_id: str) -> list[TaskRow]:
    """Give every task of a case, ended ones too."""
    return await where(tx, TaskRow, _task.case_id == case_id)


async def open_tasks_for(tx: AsyncConnection, assignee: str) -> list[TaskRow]:
    """Give what somebody is asked to do, over every case, the most urgent first."""
    rows = await where(tx, TaskRow, _task.assignee_id == assignee, _task.state.in_(OPEN_TASKS))
    return sorted(rows, key=lambda row: (row.deadline, row.id))


async def assigned_tasks(tx: AsyncConnection) -> list[TaskRow]:
    """Give every open task that somebody is asked to do, over every case."""
    return await where(tx, TaskRow, _task.assignee_id.is_not(None), _task.state.in_(OPEN_TASKS))


async def tasks_to_remind(tx: AsyncConnection, now: datetime) -> list[TaskRow]:
    """Give the open tasks whose next reminder is due, the most urgent first."""
    statement = (
        select(table(TaskRow))
        .where(_task.state.in_(OPEN_TASKS), _task.next_reminder_at <= now)
        .order_by(_task.case_id, _task.deadline, _task.id)
    )
    return await all_of(tx, TaskRow, statement)


async def expired_waivers(tx: AsyncConnection, now: datetime) -> list[TaskRow]:
    """Give the waived tasks whose exception has run out."""
    return await where(tx, TaskRow, _task.state == "waived", _task.waived_until <= now)


async def set_task(tx: AsyncConnection, task: TaskRow, values: dict[str, Any]) -> bool:
    """Change a task if it still stands where it was read: state, assignee, reminders, first attester."""
    met = await change(
        tx,
        TaskRow,
        values,
        _task.id == task.id,
        _task.state == task.state,
        _task.reminders == task.reminders,
        _task.assignee_id.is_not_distinct_from(task.assignee_id),
        _task.first_by.is_not_distinct_from(task.first_by),
    )
    return met == 1


async def set_step(tx: AsyncConnection, step_id: str, old_state: str, values: dict[str, Any]) -> bool:
    """Change a step if it still is in the state it was read in."""
    step = columns(StepRow)
    return await change(tx, StepRow, values, step.id == step_id, step.state == old_state) == 1


async def step_by_id(tx: AsyncConnection, step_id: str) -> StepRow | None:
    """Give one step."""
    return await one(tx, StepRow, columns(StepRow).id == step_id)


async def employee_id_of(tx: AsyncConnection, who: str) -> str | None:
    """Give the employee id meant by an id or an e-mail address; None where that is not one person."""
    person = columns(PersonRow)
    spelled = who.strip()
    found = await where(tx, PersonRow, or_(person.id == spelled, func.lower(person.email) == spelled.lower()))
    return found[0].id if len(found) == 1 else None


async def reopen_case(tx: AsyncConnection, case_id: str, now: datetime) -> bool:
    """Let a finished case wait for work by hand again; False where it was not finished."""
    case = columns(CaseRow)
    ended = (CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS)
    values = {"state": CaseState.AWAITING_MANUAL, "finished_at": None, "updated_at": now}
    return await change(tx, CaseRow, values, case.id == case_id, case.state.in_(ended)) == 1
