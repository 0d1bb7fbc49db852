"""Chasing tasks: reminders, escalation at the deadline, and waivers that have run out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.states import StepState
from bot.store.tasks import expired_waivers, reopen_case, set_step, tasks_to_remind
from bot.tasks.desk import Desk, OpenTask, changed
from connectors.contract import Quality


class Chaser:
    """Moves what is due; one transaction for each case. Who must be told is read from the tasks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def remind_due(self, now: datetime) -> int:
        """Remind, escalate, and reopen what was waived until now; gives how many tasks were moved."""
        async with self._desk.store.read() as tx:
            cases = {task.case_id for task in await tasks_to_remind(tx, now)}
            expired = [task.id for task in await expired_waivers(tx, now)]
        moved = 0
        for task_id in expired:
            moved += await self._reopen(task_id, now)
        for case_id in sorted(cases):
            moved += await self._chase_case(case_id, now)
        return moved

    async def _chase_case(self, case_id: str, now: datetime) -> int:
        async with self._desk.store.write() as tx:
            due = [task for task in await tasks_to_remind(tx, now) if task.case_id == case_id]
            matter = await self._desk.matter(tx, case_id, now)
            for task in due:
                await self._chase(tx, OpenTask(task, await self._desk.step(tx, task.step_id), matter))
            return len(due)

    async def _chase(self, tx: AsyncConnection, found: OpenTask) -> None:
        task, now = found.task, found.matter.now
        values: dict[str, Any] = {"reminders": task.reminders + 1}
        heir = await self._heir(tx, found)
        if heir is None:
            overdue = now >= task.deadline
            values["next_reminder_at"] = (
                now + self._desk.rules.last_resort_every if overdue else task.deadline
            )
        else:
            granted = min(task.deadline - task.created_at, self._desk.rules.time) / 2
            values |= {"escalation": heir[0], "assignee_id": heir[1]}
            values["next_reminder_at"] = max(now + granted, task.deadline)
        await self._desk.set(tx, task, values)
        moved = changed(task, values)
        action = Action.TASK_REMIND if heir is None else Action.TASK_ESCALATE
        after = {"reminders": moved.reminders, "level": moved.escalation}
        await self._desk.log(tx, action, OpenTask(moved, found.step, found.matter), task.state, after)

    async def _heir(self, tx: AsyncConnection, found: OpenTask) -> tuple[int, str] | None:
        """Give who takes over: at the deadline the next level, before it only if the assignee has gone."""
        task = found.task
        line = [
            pair for pair in await self._desk.line(tx, found.step, found.matter) if pair[1] != task.first_by
        ]
        here = any(one == task.assignee_id for _, one in line)
        if here and found.matter.now < task.deadline:
            return None
        above = [pair for pair in line if pair[0] > task.escalation or not here]
        return next((pair for pair in above if pair[1] != task.assignee_id), None)

    async def _reopen(self, task_id: str, now: datetime) -> bool:
        async with self._desk.store.write() as tx:
            task = await self._desk.task(tx, task_id)
            if task.state != "waived" or task.waived_until is None or task.waived_until > now:
                return False
            found = OpenTask(
                task, await self._desk.step(tx, task.step_id), await self._desk.matter(tx, task.case_id, now)
            )
            fresh = {"state": "open", "first_by": None, "first_at": None, "waived_until": None}
            times = {"deadline": now + self._desk.rules.time, "next_reminder_at": now}
            await self._desk.set(tx, task, fresh | times)
            step = {"state": StepState.DELEGATED, "quality": Quality.UNKNOWN, "updated_at": now}
            await set_step(tx, task.step_id, StepState.WAIVED, step)
            await reopen_case(tx, task.case_id, now)
            await self._desk.log(tx, Action.TASK_OPEN, found, "waiver_expired", {})
            await self._desk.log(tx, Action.STEP_DELEGATE, found, StepState.DELEGATED, {})
            return True
