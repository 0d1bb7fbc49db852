"""What only people can do: a chat admin's own tasks on one page, all of them for IT, and who is in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor, NotAllowed
from bot.app import Bawab
from bot.drift.desk import list_drifts
from bot.drift.record import DriftState
from bot.store.group_tables import DriftRow
from bot.store.query import all_of, chunks, columns, table, where
from bot.store.tables import CaseRow, PersonRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.values import event_from_plain, group_from_plain
from bot.views.groups import key_of
from policies.model import Refusal, RegisteredGroup, StepAction
from policies.roles import Permission
from policies.selectors import Registry, registered, registry_of

_AT_ONCE = 500
SHOWN = 200
"""Ended tasks on one page."""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task: who must be taken out of what, by whom, by when. Never why their access ends."""

    id: str
    case_id: str
    """Empty for whoever may not read cases."""
    person: str
    instance: str
    platform: str
    group: str
    group_key: str
    group_url: str
    """The group itself, as the registry links it."""
    action: StepAction
    refusal: Refusal
    """Why the bot does not do it; its remedy is what a person does."""
    state: str
    deadline: datetime
    overdue: bool
    sensitive: bool
    """Two people must confirm."""
    assignee: str
    first_by: str
    """Who has confirmed already, where a second must."""
    second_by: str
    waived_until: datetime | None
    note: str
    may_confirm: bool
    may_refuse: bool
    """Whether the reader is the one who is asked, and may say that they cannot."""
    may_waive: bool


@dataclass(frozen=True, slots=True)
class TaskList:
    """What waits for the reader, and, for whoever may read them, everything else that is open."""

    mine: tuple[TaskLine, ...]
    others: tuple[TaskLine, ...]
    reads_all: bool


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One membership that is there again."""

    row: DriftRow
    person: str
    group_key: str
    may_decide: bool
    """Still to be decided, and the reader may, and is not whom it is about."""


async def tasks(app: Bawab, who: Actor, *, ended: bool = False) -> TaskList:
    """List open tasks (`ended`: the others), the most urgent first; raises NotAllowed.

    Nobody is shown a task about themselves.
    """
    reads_all = who.may(Permission.TASK_READ)
    if not reads_all and not who.may(Permission.OWN_TASKS):
        raise NotAllowed(Permission.OWN_TASKS)
    rows = columns(TaskRow)
    wanted = rows.state.not_in(OPEN_TASKS) if ended else rows.state.in_(OPEN_TASKS)
    order = (rows.deadline.desc(), rows.id) if ended else (rows.deadline, rows.id)
    async with app.store.read() as tx:
        asked = select(table(TaskRow)).where(wanted).order_by(*order)
        found = await all_of(tx, TaskRow, asked.limit(SHOWN) if ended else asked)
        book = await _book(tx, app, found)
    about_others = [task for task in found if book.subject(task) != who.id]
    owns = who.may(Permission.OWN_TASKS)
    mine = [task for task in about_others if owns and book.is_of(task, who.id)]
    rest = [task for task in about_others if task not in mine] if reads_all else []
    return TaskList(
        tuple(book.line(task, who) for task in mine), tuple(book.line(task, who) for task in rest), reads_all
    )


async def drifts(app: Bawab, who: Actor, *, every: bool = False) -> tuple[DriftLine, ...]:
    """List who is in again (`every`: also what is over), except the reader; raises NotAllowed."""
    who.must(Permission.CASE_READ)
    async with app.store.read() as tx:
        rows = [row for row in await list_drifts(tx, every=every) if row.person_id != who.id]
        names = await _names(tx, [row.person_id for row in rows])
    undecided = (DriftState.OPEN, DriftState.ACCEPTED)
    may = who.may(Permission.DRIFT_DECIDE)
    return tuple(
        DriftLine(
            _cut(row, who),
            names.get(row.person_id, row.person_id),
            key_of(row.instance, row.group_id),
            may and row.state in undecided,
        )
        for row in rows
    )


def _cut(row: DriftRow, who: Actor) -> DriftRow:
    """HR is spared platform ids; where it is about the account itself the act stands in the group's place."""
    if who.may(Permission.CONNECTOR_READ):
        return row
    kept = row.group_id if row.group_id in set(StepAction) else ""
    return DriftRow(**row.model_dump() | {"account_id": "", "group_id": kept})


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything the shown tasks hang on."""

    steps: Mapping[str, StepRow]
    cases: Mapping[str, CaseRow]
    names: Mapping[str, str]
    registry: Registry
    now: datetime

    def subject(self, task: TaskRow) -> str:
        return self.cases[task.case_id].person_id

    def row(self, task: TaskRow) -> RegisteredGroup | None:
        group = group_from_plain(self.steps[task.step_id].group)
        return registered(group, self.registry) if group else None

    def is_of(self, task: TaskRow, person_id: str) -> bool:
        """Whether somebody is asked, or answers for the group it is about."""
        row = self.row(task)
        return person_id in (task.assignee_id, row.owner_id if row else None, row.deputy_id if row else None)

    def line(self, task: TaskRow, who: Actor) -> TaskLine:
        step, row = self.steps[task.step_id], self.row(task)
        open_ = task.state in OPEN_TASKS
        # Asked one after the other: while the owner is asked the deputy only reads of it.
        asked = who.may(Permission.OWN_TASKS) and task.assignee_id == who.id
        mine = who.known_to_hr and (asked or who.may(Permission.TASK_WAIVE))
        return TaskLine(
            id=task.id,
            case_id=task.case_id if who.may(Permission.CASE_READ) else "",
            person=event_from_plain(self.cases[task.case_id].event).person.name,
            instance=task.instance,
            platform=step.platform,
            group=_group_name(step, who),
            group_key=key_of(step.instance, step.group_id) if step.group_id else "",
            group_url=row.url if row else "",
            action=StepAction(step.action),
            refusal=Refusal(step.refusal) if step.refusal else Refusal.NO_API,
            state=task.state,
            deadline=task.deadline,
            overdue=open_ and task.deadline < self.now,
            sensitive=task.sensitive,
            assignee=self._name(task.assignee_id),
            first_by=self._name(task.first_by),
            second_by=self._name(task.second_by),
            waived_until=task.waived_until,
            note=task.note if who.may(Permission.TASK_READ) else "",
            may_confirm=open_ and mine and task.first_by != who.id,
            may_waive=open_ and who.known_to_hr and who.may(Permission.TASK_WAIVE),
            may_refuse=open_ and asked and task.first_by != who.id,
        )

    def _name(self, person_id: str | None) -> str:
        return self.names.get(person_id, person_id) if person_id else ""


def _group_name(step: StepRow, who: Actor) -> str:
    name = str((step.group or {}).get("name") or "")
    return name or (step.group_id if who.may(Permission.CONNECTOR_READ) else "")


async def _book(tx: AsyncConnection, app: Bawab, found: Sequence[TaskRow]) -> _Book:
    steps: dict[str, StepRow] = {}
    cases: dict[str, CaseRow] = {}
    for some in chunks(found, _AT_ONCE):
        ids = {task.step_id for task in some}
        steps |= {row.id: row for row in await where(tx, StepRow, columns(StepRow).id.in_(ids))}
        ids = {task.case_id for task in some}
        cases |= {row.id: row for row in await where(tx, CaseRow, columns(CaseRow).id.in_(ids))}
    people = [one for task in found for one in (task.assignee_id, task.first_by, task.second_by) if one]
    names = await _names(tx, people)
    return _Book(steps, cases, names, registry_of(app.registry), app.now())


async def _names(tx: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for some in chunks(sorted(set(ids)), _AT_ONCE):
        found = await where(tx, PersonRow, columns(PersonRow).id.in_(some))
        names |= {row.id: row.name for row in found}
    return names
