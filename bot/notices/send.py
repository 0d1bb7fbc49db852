"""Sending: each message is claimed on disk before it leaves, and looked for before it is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.addresses import Addresses
from bot.notices.channels import channels_of
from bot.notices.claims import Claims
from bot.notices.enqueue import enqueue_case
from bot.notices.outbox import Matter, Outbox
from bot.notices.outcomes import CANNOT_LOOK, LONGEST_WAIT, LOOK_EVERY, after_looking, after_sending
from bot.notices.ports import AuditSink, DirectoryLookup, NoticeLimits
from bot.store.db import Store
from bot.store.notices import due_notices, postpone, sent_lately
from bot.store.tables import CaseRow, NoticeRow, StepRow
from connectors.errors import ConnectorError, Forbidden, NotSupported, Unavailable
from connectors.messages import NoticeOutcome, NoticeReceipt, plain
from policies.model import Person, RegisteredGroup
from policies.rules import Rule

_IN_THE_AIR = ("sending", "unknown")
_MOST_AT_ONCE = 100


class NoticeSender:
    """Stores what is to be said about cases, and sends it; the database is all it remembers.

    One sender works at a time: `bawab run` holds the installation's lock, and `send_due` its own.
    """

    def __init__(
        self,
        store: Store,
        audit: AuditSink,
        connectors: Mapping[str, object],
        directory: DirectoryLookup,
        registry: Sequence[RegisteredGroup],
        limits: NoticeLimits,
        now: Callable[[], datetime],
        deaf: Collection[str] = (),
    ) -> None:
        self._store = store
        self._channels = channels_of(connectors, deaf)
        self._limits = limits
        self._now = now
        self._sending = asyncio.Lock()
        addresses = Addresses(self._channels, directory, limits)
        self.outbox = Outbox(audit, addresses, directory, registry, limits)
        """Where tasks put their reminders."""
        self._claims = Claims(store, audit, directory, self.outbox, limits)

    async def enqueue_for_case(
        self,
        tx: AsyncConnection,
        case: CaseRow,
        steps: Sequence[StepRow],
        person: Person,
        policy_rule: Rule | None,
    ) -> int:
        """Store the messages that can be said now about a case; gives how many are new.

        Idempotent: to be called in the transaction that settles a step, with all steps of the case. An
        owner's message waits until each of their groups has its outcome; a list of tasks does not wait.
        """
        if person.id != case.person_id:
            raise ValueError(f"case {case.id} is about {case.person_id}, not about {person.id}")
        subject = await self.outbox.subject(tx, case, steps)
        return await enqueue_case(self.outbox, tx, Matter(case, subject, self._now()), steps, policy_rule)

    async def send_due(self, now: datetime) -> int:
        """Settle what an interruption left in the air, then send what is due; gives how many were sent."""
        if self._limits.stopped:
            return 0
        async with self._sending:
            found = await self._look_for_lost(now)
            return found + await self._send_pending(now)

    async def _send_pending(self, now: datetime) -> int:
        async with self._store.read() as tx:
            room = max(0, self._limits.per_hour - await sent_lately(tx, now))
            due = await due_notices(tx, ("pending",), now, room)
        sent, resting = 0, set[str]()
        for notice in due:
            if notice.instance in resting:
                continue  # one refusal to serve is enough: the rest of this platform waits for the next pass
            outcome = await self._send_one(notice.id, now)
            sent += outcome is NoticeOutcome.SENT
            if outcome is NoticeOutcome.RETRY:
                resting.add(notice.instance)
        return sent

    async def _send_one(self, notice_id: str, now: datetime) -> NoticeOutcome | None:
        claimed = await self._claims.claim(notice_id, now)
        if claimed is None:
            return None
        notice, text = claimed
        receipt = await self._notify(notice, text)
        await self._claims.settle(notice, after_sending(notice, receipt, now), now)
        return receipt.outcome

    async def _notify(self, notice: NoticeRow, text: str) -> NoticeReceipt:
        channel = self._channels.get(notice.instance)
        if channel is None:
            return _later("instance_not_configured")
        try:
            return await channel.post.notify(notice.account_id, plain(text, notice.language), notice.id)
        except Unavailable as error:
            return NoticeReceipt(NoticeOutcome.RETRY, detail="unavailable", retry_after=error.retry_after)
        except (NotSupported, Forbidden) as error:
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail=type(error).__name__)
        except ConnectorError as error:
            # An operator is needed (token, scope); an exception means that nothing was sent.
            return _later(type(error).__name__)

    async def _look_for_lost(self, now: datetime) -> int:
        """Find out about each message whose answer was lost, or whose sender died; gives the number found."""
        async with self._store.read() as tx:
            lost = await due_notices(tx, _IN_THE_AIR, now, _MOST_AT_ONCE)
        found = 0
        for notice in lost:
            receipt = await self._find(notice)
            if receipt is None:
                async with self._store.write() as tx:
                    await postpone(tx, notice, now + LOOK_EVERY)
                continue
            await self._claims.settle(notice, after_looking(notice, receipt, now), now)
            found += receipt.outcome is NoticeOutcome.SENT
        return found

    async def _find(self, notice: NoticeRow) -> NoticeReceipt | None:
        channel = self._channels.get(notice.instance)
        try:
            return await channel.post.find_notice(notice.account_id, notice.id) if channel else None
        except NotSupported:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=CANNOT_LOOK)
        except ConnectorError:
            return None  # it could not be looked for now, which says nothing about the message


def _later(why: str) -> NoticeReceipt:
    return NoticeReceipt(NoticeOutcome.RETRY, detail=why, retry_after=LONGEST_WAIT.total_seconds())
