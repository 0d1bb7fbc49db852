"""The desk behind every task: a task read with its step and case, who may be asked, and its log entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.notices.outbox import Matter, Outbox
from bot.notices.ports import AuditSink
from bot.store.db import Store
from bot.store.notices import case_by_id, steps_of_case
from bot.store.tables import StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS, employee_id_of, set_task, step_by_id, task_by_id
from bot.values import event_from_plain

OWNER, DEPUTY, IT = 0, 1, 2
_NOTE_LENGTH = 1000


class TaskProblem(Exception):
    """A task cannot be changed as asked: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class TaskRules:
    """How long people have, and who is asked last."""

    time: timedelta = timedelta(hours=24)
    urgent_time: timedelta = timedelta(hours=4)
    it_contact: str | None = None
    """Employee id of the person in IT who gets what nobody else can do."""
    last_resort_every: timedelta = timedelta(hours=24)
    """How often the last in line is reminded."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task with all it hangs on, as read in one transaction."""

    task: TaskRow
    step: StepRow
    matter: Matter


class Desk:
    """What opening, chasing and confirming share; every method works in the caller's transaction."""

    def __init__(
        self,
        store: Store,
        audit: AuditSink,
        outbox: Outbox,
        rules: TaskRules,
        now: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.outbox = outbox
        self.rules = rules
        self.now = now
        self._audit = audit

    async def line(self, tx: AsyncConnection, step: StepRow, matter: Matter) -> list[tuple[int, str]]:
        """Give who may be asked, in order, with their level; never the subject, never somebody who left."""
        row = self.outbox.row_of(step)
        manager = event_from_plain(matter.case.event).person.post.manager_id
        line = [
            (OWNER, row.owner_id if row else None),
            (DEPUTY, row.deputy_id if row else None),
            (DEPUTY, manager),
            (IT, self.rules.it_contact),
        ]
        able = await self.outbox.able(tx, [one for _, one in line], matter)
        return [(level, one) for level, one in line if one in able and one is not None]

    async def who(self, tx: AsyncConnection, by: str, matter: Matter) -> str:
        """Give the employee id behind a name for oneself; refuses strangers, the subject and who has left."""
        who = await employee_id_of(tx, by)
        if who is None:
            raise TaskProblem(f"{by!r} is nobody HR knows; give your employee id or work e-mail address")
        if who == matter.subject.person_id:
            raise TaskProblem(f"{who} is the person this is about and cannot confirm it; somebody else must")
        if not await self.outbox.able(tx, [who], matter):
            raise TaskProblem(f"{who} is leaving or has left the company; somebody who stays must confirm it")
        return who

    async def found(self, tx: AsyncConnection, task_id: str) -> OpenTask:
        """Read a task that still waits for a person; raises TaskProblem."""
        task = await self.task(tx, task_id)
        if task.state not in OPEN_TASKS:
            raise TaskProblem(f"{task_id}: it is {task.state} already; nothing changed")
        return await self.whole(tx, task)

    async def whole(self, tx: AsyncConnection, task: TaskRow, now: datetime | None = None) -> OpenTask:
        """Read the step and the case a task hangs on."""
        step = await self.step(tx, task.step_id)
        return OpenTask(task, step, await self.matter(tx, task.case_id, now))

    async def task(self, tx: AsyncConnection, task_id: str) -> TaskRow:
        task = await task_by_id(tx, task_id)
        if task is None:
            raise TaskProblem(f"no task is called {task_id!r}; the message that asked for it names its id")
        return task

    async def step(self, tx: AsyncConnection, step_id: str) -> StepRow:
        step = await step_by_id(tx, step_id)
        if step is None:
            raise LookupError(f"step {step_id} does not exist")
        return step

    async def matter(self, tx: AsyncConnection, case_id: str, now: datetime | None = None) -> Matter:
        case = await case_by_id(tx, case_id)
        if case is None:
            raise LookupError(f"case {case_id} does not exist")
        subject = await self.outbox.subject(tx, case, await steps_of_case(tx, case_id))
        return Matter(case, subject, now or self.now())

    async def set(self, tx: AsyncConnection, task: TaskRow, values: dict[str, Any]) -> None:
        if not await set_task(tx, task, values):
            raise TaskProblem(f"{task.id}: somebody else changed it meanwhile; read it again")

    async def log(
        self,
        tx: AsyncConnection,
        action: Action,
        found: OpenTask,
        outcome: str,
        after: Mapping[str, object],
        *,
        by: str | None = None,
        note: str = "",
    ) -> None:
        task, step = found.task, found.step
        named = {"assignee": task.assignee_id, "note": cut(note)}
        entry = Entry(
            action=action,
            actor=f"person:{by}" if by else "bawab",
            outcome=outcome,
            person_id=found.matter.case.person_id,
            case_id=task.case_id,
            step_id=step.id,
            instance=step.instance,
            platform=step.platform,
            group_id=step.group_id or None,
            group_name=(step.group or {}).get("name"),
            rule=step.rule or None,
            quality=outcome if action in (Action.STEP_ATTEST, Action.STEP_WAIVE) else None,
            before={"task": task.state, "step": step.state},
            after=after,
            detail={"task": task.id},
            personal={key: value for key, value in named.items() if value},
        )
        await self._audit.append(tx, entry)


def changed(task: TaskRow, values: dict[str, Any]) -> TaskRow:
    return TaskRow(**task.model_dump() | values)


def cut(note: str) -> str:
    return note.strip()[:_NOTE_LENGTH]
