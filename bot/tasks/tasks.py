"""Manual tasks: what only a person can do, asked of somebody, chased until it is confirmed or waived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.notices.outbox import Matter, Outbox
from bot.notices.ports import AuditSink
from bot.states import STEP_SUCCESS, StepState
from bot.store.db import Store
from bot.store.query import add, new_id
from bot.store.tables import RecheckRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS, set_step, task_of_step
from bot.tasks.chaser import Chaser
from bot.tasks.desk import IT, Desk, OpenTask, TaskProblem, TaskRules, changed, cut
from connectors.contract import Quality
from policies.model import Refusal, Sensitivity

_ASKED_AFRESH: dict[str, Any] = {
    "first_by": None,
    "first_at": None,
    "second_by": None,
    "second_at": None,
    "waived_until": None,
    "note": "",
}

__all__ = ["TaskProblem", "TaskRules", "Tasks"]


class Tasks:
    """Opens, chases, confirms and waives tasks; task, step and log entry change in one transaction."""

    def __init__(
        self,
        store: Store,
        audit: AuditSink,
        outbox: Outbox,
        rules: TaskRules,
        now: Callable[[], datetime],
    ) -> None:
        self._desk = Desk(store, audit, outbox, rules, now)
        self._chaser = Chaser(self._desk)

    async def open_task(self, tx: AsyncConnection, step: StepRow) -> TaskRow:
        """Hand a step to a person: owner, deputy, the person's manager, or IT; the step becomes `delegated`.

        An urgent case leaves less time. A step has one task: the same call again gives it back. With nobody
        to ask the task stands open without assignee.
        """
        known = await task_of_step(tx, step.id)
        if known is not None and known.state in (*OPEN_TASKS, "waived"):
            return known
        current = await self._desk.step(tx, step.id)
        matter = await self._desk.matter(tx, current.case_id)
        await self._delegate(tx, current)
        task = await self._new(tx, current, matter)
        if known is None:
            await add(tx, task)
        else:  # it was confirmed, or waived, and is not so: the same task is asked again from the start
            task.id = known.id
            # Its number of reminders goes on, for a letter is written once; the next one is due at once.
            await self._desk.set(tx, known, _ASKED_AFRESH | _of(task) | {"next_reminder_at": matter.now})
        after = {"deadline": task.deadline.isoformat(), "sensitive": task.sensitive}
        await self._desk.log(tx, Action.TASK_OPEN, OpenTask(task, current, matter), "open", after)
        return task

    async def remind_due(self, now: datetime) -> int:
        """Remind, escalate, and reopen what was waived until now; gives how many tasks were moved."""
        return await self._chaser.remind_due(now)

    async def attest(self, task_id: str, by: str, note: str = "") -> TaskRow:
        """Record that somebody did it, or looked and saw it done; `by` is an employee id or e-mail address.

        A sensitive group needs a second, different person before the step is `attested`. Raises TaskProblem.
        """
        async with self._desk.store.write() as tx:
            found = await self._desk.found(tx, task_id)
            who = await self._desk.who(tx, by, found.matter)
            if found.task.first_by == who:
                raise TaskProblem(f"{task_id}: {who} has confirmed already; a second, different person must")
            if found.task.sensitive and found.task.first_by is None:
                return await self._first_of_two(tx, found, who, note)
            return await self._attested(tx, found, who, note)

    async def waive(self, task_id: str, by: str, reason: str, until: datetime) -> TaskRow:
        """Leave it undone as an exception, for a stated reason and no longer than until an aware instant.

        When the time is over the task is opened again. Raises TaskProblem.
        """
        if not reason.strip():
            raise TaskProblem(f"{task_id}: an exception needs a reason; say why it may stay as it is")
        if until.tzinfo is None or until <= self._desk.now():
            raise TaskProblem(f"{task_id}: an exception needs an end in the future, with its time zone")
        async with self._desk.store.write() as tx:
            found = await self._desk.found(tx, task_id)
            who = await self._desk.who(tx, by, found.matter)
            values = {
                "state": "waived",
                "waived_until": until,
                "next_reminder_at": None,
                "note": cut(reason),
            }
            await self._settle(tx, found, values, StepState.WAIVED, Quality.WAIVED, {"waived_by": who})
            after = {"until": until.isoformat()}
            await self._desk.log(tx, Action.TASK_WAIVE, found, "waived", after, by=who, note=reason)
            await self._desk.log(tx, Action.STEP_WAIVE, found, StepState.WAIVED, after, by=who)
            return changed(found.task, values)

    async def _new(self, tx: AsyncConnection, step: StepRow, matter: Matter) -> TaskRow:
        level, assignee = await self._first(tx, step, matter)
        granted = self._desk.rules.urgent_time if matter.case.urgent else self._desk.rules.time
        row = self._desk.outbox.row_of(step)
        return TaskRow(
            id=new_id("task"),
            step_id=step.id,
            case_id=step.case_id,
            instance=step.instance,
            assignee_id=assignee,
            escalation=level,
            sensitive=row is not None and row.sensitivity is Sensitivity.SENSITIVE,
            state="open",
            deadline=matter.now + granted,
            next_reminder_at=matter.now + granted / 2,
            created_at=matter.now,
        )

    async def _delegate(self, tx: AsyncConnection, step: StepRow) -> None:
        if step.state == StepState.DELEGATED:
            return
        if step.state in STEP_SUCCESS or step.state == StepState.CANCELLED:
            raise TaskProblem(f"{step.id}: it is {step.state} already, so there is nothing to do by hand")
        values = {"state": StepState.DELEGATED, "next_attempt_at": None, "updated_at": self._desk.now()}
        if not await set_step(tx, step.id, step.state, values):
            raise TaskProblem(f"{step.id}: it changed meanwhile; read it again")

    async def _first(self, tx: AsyncConnection, step: StepRow, matter: Matter) -> tuple[int, str | None]:
        levels = await self._desk.line(tx, step, matter)
        chosen = await self._desk.outbox.first_reachable(tx, [one for _, one in levels], matter)
        return next((pair for pair in levels if pair[1] == chosen), (IT, None))

    async def _first_of_two(self, tx: AsyncConnection, found: OpenTask, who: str, note: str) -> TaskRow:
        """Keep the first word and ask a second person at once."""
        line = await self._desk.line(tx, found.step, found.matter)
        level, other = next(((at, one) for at, one in line if one != who), (IT, None))
        values = {
            "state": "half_attested",
            "first_by": who,
            "first_at": self._desk.now(),
            "note": cut(note),
            "assignee_id": other,
            "escalation": level,
        }
        await self._desk.set(tx, found.task, values)
        await self._desk.log(tx, Action.TASK_ATTEST, found, "half_attested", {}, by=who, note=note)
        return changed(found.task, values)

    async def _attested(self, tx: AsyncConnection, found: OpenTask, who: str, note: str) -> TaskRow:
        turn = "second" if found.task.first_by else "first"
        values = {
            "state": "attested",
            f"{turn}_by": who,
            f"{turn}_at": self._desk.now(),
            "note": cut("\n".join(filter(None, (found.task.note, note)))),
            "next_reminder_at": None,
        }
        done = changed(found.task, values)
        witnesses = {"first_by": done.first_by} | ({"second_by": who} if done.second_by else {})
        await self._settle(tx, found, values, StepState.ATTESTED, Quality.ATTESTED, witnesses)
        await self._desk.log(tx, Action.TASK_ATTEST, found, "attested", {}, by=who, note=note)
        await self._desk.log(tx, Action.STEP_ATTEST, found, StepState.ATTESTED, {}, by=who)
        if found.step.refusal != Refusal.NO_API:
            # The platform can be asked: what somebody says is looked at, at once, and named for what is seen.
            look = RecheckRow(
                step_id=found.step.id, kind="attested", instance=found.step.instance, due=self._desk.now()
            )
            await add(tx, look)
        return done

    async def _settle(
        self,
        tx: AsyncConnection,
        found: OpenTask,
        values: dict[str, Any],
        state: StepState,
        quality: Quality,
        facts: dict[str, Any],
    ) -> None:
        now = self._desk.now()
        evidence = {
            "quality": quality,
            "at": now.isoformat(),
            "source": "task",
            "facts": sorted(facts.items()),
        }
        so_far = [*(found.step.evidence or [])][-9:]
        step = {"state": state, "quality": quality, "evidence": [*so_far, evidence], "updated_at": now}
        await self._desk.set(tx, found.task, values)
        if not await set_step(tx, found.step.id, StepState.DELEGATED, step):
            raise TaskProblem(
                f"{found.task.id}: its step is {found.step.state}, not a person's to do now; nothing changed"
            )


def _of(task: TaskRow) -> dict[str, Any]:
    names = ("state", "assignee_id", "escalation", "sensitive", "deadline", "next_reminder_at")
    return {name: getattr(task, name) for name in names}
