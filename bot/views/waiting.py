"""What waits for people: emergencies to confirm, tasks by hand, doubts about accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.store.access_tables import ConfirmationRow
from bot.store.query import chunks, columns, where
from bot.store.tables import CaseRow, LinkQuestionRow, PersonRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.values import event_from_plain
from bot.views.platforms import title_of
from policies.model import Sensitivity
from policies.roles import Permission

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class EmergencyLine:
    """An emergency that ran before anybody was asked, and waits for a second person's word."""

    case_id: str
    person: str
    requested_by: str
    """Their name."""
    reason: str
    """Empty for whoever may not read reasons."""
    requested_at: datetime
    due: datetime
    verdict: str | None
    decided_by: str
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One removal by hand; a chat admin reads no more than what is to be done."""

    id: str
    person: str
    instance: str
    title: str
    group: str
    action: str
    refusal: str | None
    """Why the bot does not do it: a `Refusal`."""
    state: str
    sensitive: bool
    first_by: str
    """Who has confirmed it first, where two must."""
    deadline: datetime
    assignee: str
    case_id: str | None
    """None for whoever may not read cases."""


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A doubt about whose account something is."""

    id: str
    instance: str
    title: str
    why: str
    people: tuple[tuple[str, str], ...]
    """(employee id, name)."""
    accounts: tuple[str, ...]
    """Platform ids, for whoever may read them."""
    asked_at: datetime


async def names(tx: AsyncConnection, ids: Iterable[str]) -> dict[str, str]:
    """Give the names HR has for employee ids."""
    found: dict[str, str] = {}
    for some in chunks(sorted({one for one in ids if one}), _AT_ONCE):
        rows = await where(tx, PersonRow, columns(PersonRow).id.in_(some))
        found |= {row.id: row.name or row.id for row in rows}
    return found


async def emergency_lines(
    tx: AsyncConnection, who: Actor, *, case_id: str | None = None
) -> tuple[EmergencyLine, ...]:
    """Give the emergencies without a second word (or the one of a case, decided or not), oldest first."""
    if not who.may(Permission.CASE_READ):
        return ()
    rows = columns(ConfirmationRow)
    wanted = rows.verdict.is_(None) if case_id is None else rows.case_id == case_id
    found = await where(tx, ConfirmationRow, wanted)
    cases = await where(tx, CaseRow, columns(CaseRow).id.in_([row.case_id for row in found]))
    of = {case.id: case for case in cases if case.person_id != who.id}
    known = await names(tx, [_id(by) for row in found for by in (row.requested_by, row.decided_by or "")])
    lines = [_emergency(who, row, of[row.case_id], known) for row in found if row.case_id in of]
    return tuple(sorted(lines, key=lambda line: line.requested_at))


def _emergency(who: Actor, row: ConfirmationRow, case: CaseRow, known: dict[str, str]) -> EmergencyLine:
    asker, decider = _id(row.requested_by), _id(row.decided_by or "")
    return EmergencyLine(
        case_id=row.case_id,
        person=event_from_plain(case.event).person.name,
        requested_by=known.get(asker, asker),
        reason=row.reason if who.may(Permission.REASON_READ) else "",
        requested_at=row.requested_at,
        due=row.due,
        verdict=row.verdict,
        decided_by=known.get(decider, decider),
        may_confirm=row.verdict is None and who.may(Permission.CASE_CONFIRM) and asker != who.id,
    )


def _id(actor: str) -> str:
    return actor.removeprefix("person:")


async def task_lines(
    app: Bawab, tx: AsyncConnection, who: Actor, *, case_id: str | None = None
) -> tuple[TaskLine, ...]:
    """Give the reader's own open tasks, the most urgent first; of a case, everybody's where they may."""
    rows, mine = columns(TaskRow), who.may(Permission.OWN_TASKS)
    if case_id is not None and who.may(Permission.TASK_READ):
        wanted = rows.case_id == case_id
    elif mine and case_id is None:
        wanted = rows.assignee_id == who.id
    else:
        return ()
    tasks = await where(tx, TaskRow, rows.state.in_(OPEN_TASKS), wanted)
    steps = await where(tx, StepRow, columns(StepRow).id.in_([task.step_id for task in tasks]))
    of = {step.id: step for step in steps if step.person_id != who.id}
    people = [one for task in tasks for one in (task.assignee_id, task.first_by) if one]
    known = await names(tx, [*people, *(step.person_id for step in steps)])
    lines = [_task(app, who, task, of[task.step_id], known) for task in tasks if task.step_id in of]
    return tuple(sorted(lines, key=lambda line: (line.deadline, line.id)))


def _task(app: Bawab, who: Actor, task: TaskRow, step: StepRow, known: dict[str, str]) -> TaskLine:
    first, asked = task.first_by or "", task.assignee_id or ""
    return TaskLine(
        id=task.id,
        person=known.get(step.person_id, step.person_id),
        instance=task.instance,
        title=title_of(app, task.instance),
        group=str((step.group or {}).get("name") or step.group_id),
        action=step.action,
        refusal=step.refusal,
        state=task.state,
        sensitive=task.sensitive,
        first_by=known.get(first, first),
        deadline=task.deadline,
        assignee=known.get(asked, asked),
        case_id=task.case_id if who.may(Permission.CASE_READ) else None,
    )


async def question_lines(
    app: Bawab, tx: AsyncConnection, who: Actor, *, person_id: str | None = None
) -> tuple[QuestionLine, ...]:
    """Give the doubts about who is who (of one person), oldest first; nothing without the right."""
    if not who.may(Permission.LINK_READ):
        return ()
    found = [row for row in await where(tx, LinkQuestionRow) if person_id is None or person_id in row.people]
    known = await names(tx, [one for row in found for one in row.people])
    ids = who.may(Permission.CONNECTOR_READ)
    lines = [
        QuestionLine(
            row.id,
            row.instance,
            title_of(app, row.instance),
            row.why,
            tuple((one, known.get(one, one)) for one in row.people),
            tuple(row.accounts) if ids else (),
            row.asked_at,
        )
        for row in found
    ]
    return tuple(sorted(lines, key=lambda line: (line.asked_at, line.id)))


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """A group the reader answers for."""

    instance: str
    title: str
    name: str
    purpose: str
    sensitive: bool
    as_deputy: bool


def own_groups(app: Bawab, who: Actor) -> tuple[OwnGroup, ...]:
    """Give the registered groups the reader owns or is deputy of, by platform and name."""
    if not who.may(Permission.OWN_GROUPS):
        return ()
    mine = [row for row in app.registry if who.id in (row.owner_id, row.deputy_id)]
    lines = [
        OwnGroup(
            row.instance,
            title_of(app, row.instance),
            row.name or row.group,
            row.purpose,
            row.sensitivity is Sensitivity.SENSITIVE,
            row.owner_id != who.id,
        )
        for row in mine
    ]
    return tuple(sorted(lines, key=lambda line: (line.instance, line.name.casefold())))
