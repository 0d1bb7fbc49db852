"""The list of one person's tasks from the rows: what is open, what was told of it, how it is done by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import Translator
from bot.notices.readers import Reader
from bot.notices.recipients import Subject
from bot.notices.saying import Means, Written
from bot.notices.task_list import TaskLine, all_done, newer_list, task_list
from bot.store.notices import case_by_id, digests_of, steps_by_id
from bot.store.tables import NoticeRow, StepRow, TaskRow
from bot.store.tasks import open_tasks_for
from bot.values import event_from_plain, group_from_plain
from connectors.chat.manual import fill_steps, task_steps
from connectors.messages import Passage
from policies.model import StepAction

SubjectOf = Callable[[AsyncConnection, str], Awaitable[Subject | None]]
_EXPLAINED = 5
"""Up to so many tasks each platform's way is explained; whoever has more knows it."""


def token(task: TaskRow) -> str:
    """Name a task as it stands for its reader: reminded, handed on or confirmed once, it is told anew."""
    return f"{task.id}/{task.reminders}/{task.state}"


async def digest_letter(
    tx: AsyncConnection,
    notice: NoticeRow,
    reader: Reader,
    t: Translator,
    means: Means,
    subject_of: SubjectOf,
    beside: Collection[str] = (),
) -> tuple[tuple[Passage, ...], Written]:
    """Write the list as it is now; an older one only points to the newer, an empty one says so.

    `beside` are the people who read along where it is posted.
    """
    unsent = notice.state == "pending"
    if not unsent and await _has_newer(tx, notice):
        return newer_list(t), Written(None, closed=True)
    tasks = await mine(tx, notice, subject_of, beside)
    told = tuple(token(task) for task in tasks)
    if not tasks:
        return (() if unsent else all_done(t)), Written(None, closed=not unsent)
    lines = await _lines(tx, tasks, await told_before(tx, notice), notice.created_at, t.language)
    return task_list(lines, reader.zone, t, means), Written(None, told=told)


async def mine(
    tx: AsyncConnection, notice: NoticeRow, subject_of: SubjectOf, beside: Collection[str]
) -> list[TaskRow]:
    """Give what the notice's reader is asked to do; nothing about themselves, nor about who reads along."""
    kept = []
    for task in await open_tasks_for(tx, notice.recipient_id):
        subject = await subject_of(tx, task.case_id)
        if subject is None or subject.person_id == notice.recipient_id or subject.person_id in beside:
            continue
        if (notice.instance, notice.account_id) not in subject.accounts:
            kept.append(task)
    return kept


async def _has_newer(tx: AsyncConnection, notice: NoticeRow) -> bool:
    """Whether a later list has reached the reader, so that this one only points to it."""
    later = await digests_of(tx, notice.recipient_id)
    return any(row.state == "sent" and row.created_at > notice.created_at for row in later)


async def told_before(tx: AsyncConnection, notice: NoticeRow) -> frozenset[str]:
    """Give the ids of the tasks that earlier lists told their reader of."""
    rows = await digests_of(tx, notice.recipient_id)
    earlier = [row for row in rows if row.id != notice.id and row.created_at <= notice.created_at]
    return frozenset(str(told).partition("/")[0] for row in earlier for told in row.groups.get("told", ()))


async def _lines(
    tx: AsyncConnection,
    tasks: Sequence[TaskRow],
    told: Collection[str],
    asked_at: datetime,
    language: str,
) -> list[TaskLine]:
    steps = {step.id: step for step in await steps_by_id(tx, [task.step_id for task in tasks])}
    names: dict[str, str] = {}
    explained: set[str] = set()
    lines = []
    for task in tasks:
        step = steps[task.step_id]
        if task.case_id not in names:
            case = await case_by_id(tx, task.case_id)
            names[task.case_id] = event_from_plain(case.event).person.name if case else ""
        # One platform is explained once in a message, not again for each of its groups.
        again = step.platform in explained or len(tasks) > _EXPLAINED
        explained.add(step.platform)
        guide = () if again else _guide(step, names[task.case_id], language)
        lines.append(_line(task, step, names[task.case_id], _kind(task, told, asked_at), guide))
    return lines


def _line(task: TaskRow, step: StepRow, person: str, kind: str, guide: tuple[str, ...]) -> TaskLine:
    return TaskLine(
        id=task.id,
        person=person,
        group=_group_name(step),
        deadline=task.deadline,
        kind=kind,
        second_needed=task.sensitive and task.first_by is None,
        guide=guide,
    )


def _kind(task: TaskRow, told: Collection[str], asked_at: datetime) -> str:
    """Say how a task came to its reader: new, asked of them before, or handed on by somebody else."""
    if task.state == "half_attested":
        return "second"
    if task.id in told:
        return "reminder" if task.reminders else "new"
    return "escalation" if task.deadline <= asked_at else "new"


def _group_name(step: StepRow) -> str:
    group = group_from_plain(step.group)
    return (group.name if group else "") or step.group_id


def _guide(step: StepRow, person: str, language: str) -> tuple[str, ...]:
    try:
        written = task_steps(step.platform, StepAction(step.action), language)
    except LookupError:
        return ()  # a platform with an API, where only the right is missing: its admins know the way
    return fill_steps(written, person=person, group=_group_name(step))
