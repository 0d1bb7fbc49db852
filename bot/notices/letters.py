"""From rows to words: what one stored notice says at the moment it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import translator
from bot.notices.compose import GroupLine, Letter, OrphanLine, TaskLine, compose, worst
from bot.states import StepState
from bot.store.group_tables import SuccessionRow
from bot.store.notices import steps_by_id
from bot.store.query import columns, where
from bot.store.tables import CaseRow, NoticeRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS, tasks_by_id
from bot.values import event_from_plain, group_from_plain
from connectors.chat.manual import fill_steps, task_steps
from policies.model import Refusal, StepAction


async def letter_text(tx: AsyncConnection, case: CaseRow, notice: NoticeRow, zone: str) -> str:
    """Write a notice with the state its groups and tasks have now; empty where nothing is left to say."""
    stem = notice.kind.partition("/")[0]
    steps = await steps_by_id(tx, notice.groups["steps"]) if stem == "removal" else []
    tasks = [task for task in await tasks_by_id(tx, notice.groups["tasks"]) if _still_asked(task, notice)]
    asked_of = await steps_by_id(tx, [task.step_id for task in tasks])
    person = event_from_plain(case.event).person.name
    letter = Letter(
        kind=stem,
        person=person,
        groups=group_lines(steps),
        tasks=_task_lines(tasks, asked_of, person, translator(notice.language).language),
        zone=zone,
        may_repeat=notice.groups.get("twice", False),
        orphans=await _orphans(tx, case) if stem == "succession" else (),
        due=case.due,
    )
    return compose(letter, translator(notice.language))


async def _orphans(tx: AsyncConnection, case: CaseRow) -> tuple[OrphanLine, ...]:
    rows = columns(SuccessionRow)
    asked = await where(tx, SuccessionRow, rows.case_id == case.id, rows.settled_at.is_(None))
    ordered = sorted(asked, key=lambda row: (row.group_name, row.group_id))
    return tuple(OrphanLine(row.group_name or row.group_id, row.why) for row in ordered)


def group_lines(steps: Sequence[StepRow]) -> tuple[GroupLine, ...]:
    """Give one line for each group; where a person had two accounts in it, the one furthest from done."""
    by_group: dict[tuple[str, str], list[GroupLine]] = {}
    for step in steps:
        by_group.setdefault((step.instance, step.group_id), []).append(_line(step))
    return tuple(worst(lines) for lines in by_group.values())


def group_name(step: StepRow) -> str:
    """Give the name people know the group by; its id only where it has none."""
    group = group_from_plain(step.group)
    return (group.name if group else "") or step.group_id


def _line(step: StepRow) -> GroupLine:
    return GroupLine(group_name(step), StepState(step.state), Refusal(step.refusal) if step.refusal else None)


def _still_asked(task: TaskRow, notice: NoticeRow) -> bool:
    mine = task.assignee_id == notice.recipient_id and task.first_by != notice.recipient_id
    return mine and task.state in OPEN_TASKS


def _task_lines(
    tasks: Sequence[TaskRow], steps: Sequence[StepRow], person: str, language: str
) -> tuple[TaskLine, ...]:
    by_id = {step.id: step for step in steps}
    lines, explained = [], set[str]()
    for task in tasks:
        step = by_id[task.step_id]
        # One platform is explained once in a message, not again for each of its groups.
        guide = () if step.platform in explained else _guide(step, person, language)
        explained.add(step.platform)
        lines.append(TaskLine(task.id, group_name(step), task.deadline, task.sensitive, guide))
    return tuple(lines)


def _guide(step: StepRow, person: str, language: str) -> tuple[str, ...]:
    try:
        written = task_steps(step.platform, StepAction(step.action), language)
    except LookupError:
        return ()  # a platform with an API, where only the right is missing: its admins know the way
    return fill_steps(written, person=person, group=group_name(step))
