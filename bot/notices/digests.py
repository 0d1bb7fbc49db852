"""One list for each person of all that only they can do: put down when something of it is not told yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.digest_letter import token
from bot.notices.outbox import Contents, Outbox, Put
from bot.notices.recipients import Destination, Subject, may_be_reached
from bot.store.db import Store
from bot.store.notices import digests_of, handing_out
from bot.store.tables import NoticeRow, TaskRow
from bot.store.tasks import assigned_tasks

GATHER = timedelta(seconds=60)
"""How long a list waits at most for the rest of a case's groups, so that it is one list."""
NOBODY = Subject("")
"""A list is about many cases; each of its lines is judged by itself."""


class Digests:
    """Reads tasks, and writes down who must be told; the database says what was told before."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    async def put_due(self, now: datetime) -> int:
        """Store a list for everybody who was not told of a task as it stands; gives how many are new."""
        async with self._store.read() as tx:
            untold = await self._untold(tx)
            ready = [person for person, tasks in untold.items() if await _ready(tx, tasks, now)]
        if not ready:
            return 0
        stored = 0
        async with self._store.write() as tx:
            for person in sorted(ready):
                stored += await self._put(tx, person, untold[person], now)
        return stored

    async def _untold(self, tx: AsyncConnection) -> dict[str, list[TaskRow]]:
        by_person: defaultdict[str, list[TaskRow]] = defaultdict(list)
        for task in await assigned_tasks(tx):
            by_person[task.assignee_id or ""].append(task)
        found = {}
        for person, tasks in by_person.items():
            rows = await digests_of(tx, person)
            if any(row.state == "pending" and not row.attempts for row in rows):
                continue  # one waits already, and says what is so when it leaves
            told = {name for row in rows for name in row.groups.get("told", ())}
            fresh = [task for task in tasks if token(task) not in told]
            if fresh:
                found[person] = fresh
        return found

    async def _put(self, tx: AsyncConnection, person: str, tasks: Sequence[TaskRow], now: datetime) -> int:
        if not await self._outbox.present(tx, [person], now):
            return 0  # whoever leaves is replaced by the chaser, and never told
        number = len(await digests_of(tx, person)) + 1
        to = await self._where_nobody_reads_of_themselves(tx, person, tasks)
        put = Put(case_id="", subject=NOBODY, now=now, kind=f"digest/{number}", recipient=person, to=to)
        told = tuple(token(task) for task in tasks)
        return int(await self._outbox.write(tx, put, Contents(told=told)) is not None)

    async def _where_nobody_reads_of_themselves(
        self, tx: AsyncConnection, person: str, tasks: Sequence[TaskRow]
    ) -> Destination | None:
        """Find the first address that none of those the tasks are about reads, too; None where there is none.

        The list then goes the usual way, without the tasks about whoever reads along.
        """
        found = [await self._outbox.subject_of_case(tx, case) for case in {task.case_id for task in tasks}]
        subjects = [subject for subject in found if subject is not None]
        addresses = self._outbox.addresses
        for to in await addresses.of(tx, person, NOBODY):
            readers = addresses.channels[to.instance].readers
            if all(may_be_reached(to, subject, readers) for subject in subjects):
                return to
        return None


async def _ready(tx: AsyncConnection, tasks: Sequence[TaskRow], now: datetime) -> bool:
    """Whether nothing more of these cases is just about to be handed to people."""
    if any(now - task.created_at >= GATHER for task in tasks):
        return True
    return not await handing_out(tx, {task.case_id for task in tasks}, {task.instance for task in tasks})


def is_digest(notice: NoticeRow) -> bool:
    """Whether a notice is a list of tasks."""
    return notice.kind.startswith("digest/")
