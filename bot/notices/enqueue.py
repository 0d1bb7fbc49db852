"""From a case's steps to its messages: one for each owner, once each of their groups has its outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.outbox import Contents, Matter, Outbox
from bot.states import STEP_SUCCESS, StepState
from bot.store.notices import digests_of, notices_of, unplanned_instances
from bot.store.tables import NoticeRow, StepRow, TaskRow
from bot.store.tasks import tasks_of_case
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
    """Store what can be said now, and give how many messages that is; to be called again as steps settle.

    What a reader is asked to do themselves stands in the list of their tasks, and is not told a second time.
    """
    untold = _untold(steps, await notices_of(tx, matter.case.id))
    if not any(map(_has_outcome, untold)) or await unplanned_instances(tx, matter.case.id):
        return 0  # most calls, while a case runs
    groups = await _groups(outbox, tx, matter, untold, rule)
    asked = await tasks_of_case(tx, matter.case.id)
    stored = 0
    for recipient in sorted(groups):
        theirs = await _asked_of(tx, recipient, asked)
        own = [step for step in groups[recipient] if step.id not in theirs]
        if own and all(map(_has_outcome, own)):
            stored += await _write(outbox, tx, matter, recipient, own)
    return stored


async def _asked_of(tx: AsyncConnection, recipient: str, tasks: Sequence[TaskRow]) -> set[str]:
    """Give the steps that a reader is, or was, asked to do by hand."""
    if not recipient or not tasks:
        return set()
    told = {
        str(name).partition("/")[0]
        for row in await digests_of(tx, recipient)
        for name in row.groups.get("told", ())
    }
    return {task.step_id for task in tasks if task.assignee_id == recipient or task.id in told}


def _has_outcome(step: StepRow) -> bool:
    if step.state in _TRYING_AGAIN and step.next_attempt_at is not None:
        return False
    return step.state in OUTCOMES


async def _write(
    outbox: Outbox, tx: AsyncConnection, matter: Matter, recipient: str, steps: Sequence[StepRow]
) -> int:
    language = next(filter(None, map(outbox.language_of, steps)), None)
    contents = Contents(steps=tuple(step.id for step in steps), language=language)
    return await put_or_merge(outbox, tx, matter, "removal", recipient, contents)


async def put_or_merge(
    outbox: Outbox, tx: AsyncConnection, matter: Matter, stem: str, recipient: str, contents: Contents
) -> int:
    """Store a message; where one of its kind stands, add to it, or follow it if it has already left."""
    if await outbox.put(tx, matter, stem, recipient, contents):
        return 1
    for row in await notices_of(tx, matter.case.id):
        if (row.recipient_id, row.kind) == (recipient, stem) and await outbox.merge(tx, row, contents):
            return 0
    follow_up = f"{stem}/{contents.steps[0]}"
    return int(await outbox.put(tx, matter, follow_up, recipient, contents) is not None)


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
