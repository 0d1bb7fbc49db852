"""From a case's steps to its messages: one for each owner once the outcomes exist, one for each assignee."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.outbox import Contents, Matter, Outbox
from bot.states import STEP_SUCCESS, StepState
from bot.store.notices import notices_of, unplanned_instances
from bot.store.tables import NoticeRow, StepRow, TaskRow
from bot.store.tasks import open_tasks_of
from policies.model import Refusal, StepAction
from policies.rules import Notify, Rule

OUTCOMES = STEP_SUCCESS | {
    StepState.BLOCKED,
    StepState.DELEGATED,
    StepState.FAILED,
    StepState.STILL_PRESENT,
    StepState.WAIVED,
}
"""Only what is known is told; anything else is still on its way."""
_TRYING_AGAIN = frozenset({StepState.STILL_PRESENT})
"""An end only when no further attempt is planned."""
NOT_THE_OWNERS = frozenset(
    {
        Refusal.AMBIGUOUS,
        Refusal.BEYOND_APPROVED,
        Refusal.BOT_ITSELF,
        Refusal.NOT_MANAGED,
        Refusal.PROTECTED,
    }
)
"""Refusals that left the group as it was and are HR's or IT's to settle: no message to the group's owner."""

ByRecipient = Mapping[str, Sequence[StepRow]]
NOBODY = ""


async def enqueue_case(
    outbox: Outbox, tx: AsyncConnection, matter: Matter, steps: Sequence[StepRow], rule: Rule | None
) -> int:
    """Store what can be said now, and give how many messages that is; to be called again as steps settle."""
    known = await notices_of(tx, matter.case.id)
    tasks = await _tasks(tx, matter, known)
    untold = _untold(steps, known)
    if not tasks and not any(map(_has_outcome, untold)):
        return 0  # most calls, while a case runs
    groups = await _groups(outbox, tx, matter, untold, rule)
    complete = await unplanned_instances(tx, matter.case.id) == 0
    stored = 0
    for recipient in sorted({*groups, *tasks}):
        asked = tasks.get(recipient, ())
        own = _sayable(groups.get(recipient, ()), asked, complete=complete)
        if own or asked:
            stored += await _write(outbox, tx, matter, recipient, own, asked)
    return stored


def _sayable(own: Sequence[StepRow], asked: Sequence[TaskRow], *, complete: bool) -> Sequence[StepRow]:
    """Give all of a reader's groups once each has its outcome; before that those they are asked to do."""
    if complete and all(map(_has_outcome, own)):
        return own
    by_hand = {task.step_id for task in asked}
    return [step for step in own if step.id in by_hand]


def _has_outcome(step: StepRow) -> bool:
    if step.state in _TRYING_AGAIN and step.next_attempt_at is not None:
        return False
    return step.state in OUTCOMES


async def _write(
    outbox: Outbox,
    tx: AsyncConnection,
    matter: Matter,
    recipient: str,
    steps: Sequence[StepRow],
    asked: Sequence[TaskRow],
) -> int:
    by_hand = {task.step_id for task in asked}
    contents = Contents(
        steps=tuple(step.id for step in steps),
        tasks=tuple(task.id for task in asked),
        language=next(filter(None, map(outbox.language_of, steps)), None),
    )
    # Where all there is to say is what the reader is asked to do, the list of tasks says it.
    stem = "tasks" if {step.id for step in steps} <= by_hand else "removal"
    return await put_or_merge(outbox, tx, matter, stem, recipient, contents)


async def put_or_merge(
    outbox: Outbox, tx: AsyncConnection, matter: Matter, stem: str, recipient: str, contents: Contents
) -> int:
    """Store a message; where one of its kind stands, add to it, or follow it if it has already left."""
    if await outbox.put(tx, matter, stem, recipient, contents):
        return 1
    for row in await notices_of(tx, matter.case.id):
        if (row.recipient_id, row.kind) == (recipient, stem) and await outbox.merge(tx, row, contents):
            return 0
    follow_up = f"{stem}/{(contents.tasks + contents.steps)[0]}"
    return int(await outbox.put(tx, matter, follow_up, recipient, contents) is not None)


async def _tasks(
    tx: AsyncConnection, matter: Matter, known: Sequence[NoticeRow]
) -> Mapping[str, Sequence[TaskRow]]:
    told = {(row.recipient_id, task) for row in known for task in row.groups["tasks"]}
    found: defaultdict[str, list[TaskRow]] = defaultdict(list)
    for task in await open_tasks_of(tx, matter.case.id):
        if task.assignee_id and (task.assignee_id, task.id) not in told:
            found[task.assignee_id].append(task)
    return found


def _untold(steps: Sequence[StepRow], known: Sequence[NoticeRow]) -> list[StepRow]:
    told = {step for row in known for step in row.groups["steps"]}
    return [step for step in steps if step.id not in told and _concerns_owner(step)]


def _concerns_owner(step: StepRow) -> bool:
    if step.action != StepAction.REVOKE or step.state == StepState.CANCELLED:
        return False
    return step.refusal is None or Refusal(step.refusal) not in NOT_THE_OWNERS


async def _groups(
    outbox: Outbox, tx: AsyncConnection, matter: Matter, steps: Sequence[StepRow], rule: Rule | None
) -> ByRecipient:
    found: defaultdict[str, list[StepRow]] = defaultdict(list)
    if rule is not None and rule.notify is Notify.NOBODY:
        return found
    chosen: dict[tuple[str, ...], str] = {}
    for step in steps:
        chain = await outbox.chain(tx, step, creator=rule is not None and rule.notify_creator)
        if chain not in chosen:
            chosen[chain] = await outbox.first_reachable(tx, chain, matter) or NOBODY
        found[chosen[chain]].append(step)
    return found
