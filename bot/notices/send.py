"""Sending: each message is claimed on disk before it leaves, and looked for before it is sent twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices import receipts
from bot.notices.addresses import Addresses
from bot.notices.channels import channels_of
from bot.notices.claims import Claims, Judge
from bot.notices.digests import Digests
from bot.notices.enqueue import enqueue_case
from bot.notices.merging import put_together
from bot.notices.outbox import Matter, Outbox
from bot.notices.outcomes import CANNOT_LOOK, LONGEST_WAIT, LOOK_EVERY, after_looking, after_sending
from bot.notices.ports import AuditSink, DirectoryLookup, NoticeLimits
from bot.notices.stopping import is_stopped
from bot.notices.updates import Updates
from bot.store.db import Store
from bot.store.notices import closed_channels, due_notices, postpone, sent_lately
from bot.store.tables import CaseRow, NoticeRow, StepRow
from connectors.errors import ConnectorError, Forbidden, NotSupported, Unavailable
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from policies.model import Person, RegisteredGroup
from policies.rules import Rule

_IN_THE_AIR = ("sending", "unknown")
_MOST_AT_ONCE = 100
_PRESSING = {"confirm": 0, "approval": 1, "outage": 2, "questions": 3, "digest": 4}


class NoticeSender:
    """Stores what is to be said, and sends it; the database is all it remembers.

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
        judge: Judge | None = None,
    ) -> None:
        self._store = store
        self._channels = channels_of(connectors, deaf)
        self._limits = limits
        self._now = now
        self._sending = asyncio.Lock()
        addresses = Addresses(self._channels, directory, limits)
        self.outbox = Outbox(audit, addresses, directory, registry, limits)
        """Chooses readers, and stores what is to be told."""
        self._claims = Claims(store, audit, self.outbox, limits, judge)
        self._digests = Digests(store, self.outbox)
        self.updates = Updates(store, audit, self._channels, self._claims)
        """Shows in messages that were sent what is so now."""

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
        owner's message waits until each of their groups has its outcome.
        """
        if person.id != case.person_id:
            raise ValueError(f"case {case.id} is about {case.person_id}, not about {person.id}")
        subject = await self.outbox.subject(tx, case, steps)
        return await enqueue_case(self.outbox, tx, Matter(case, subject, self._now()), steps, policy_rule)

    async def send_due(self, now: datetime) -> int:
        """Settle what an interruption left in the air, then send what is due; gives how many were sent."""
        async with self._sending:
            await self._digests.put_due(now)
            async with self._store.read() as tx:
                if self._limits.stopped or await is_stopped(tx):
                    return 0
            found = await self._look_for_lost(now)
            sent = await self._send_pending(now)
            await self.updates.show(now)
            return found + sent

    async def _send_pending(self, now: datetime) -> int:
        async with self._store.read() as tx:
            room = max(0, self._limits.per_hour - await sent_lately(tx, now))
            due = await due_notices(tx, ("pending",), now, _MOST_AT_ONCE)
            lately = Counter(await receipts.to_each_lately(tx, {one.recipient_id for one in due}, now))
            down = await closed_channels(tx, now)
        resting = set[str]()
        sent, waiting = 0, list[NoticeRow]()
        for notice in sorted(due, key=_pressing):
            if notice.instance in down and await self._claims.take_another_way(notice.id, now):
                continue  # it leaves by the other channel in the next pass
            if notice.instance in resting:
                # One refusal to serve is enough: the rest of this platform waits, or takes another in time.
                if now - notice.created_at >= self._limits.patience:
                    await self._claims.take_another_way(notice.id, now)
                continue
            if sent >= room or lately[notice.recipient_id] >= self._limits.per_person:
                waiting.append(notice)
                continue
            outcome = await self._send_one(notice.id, now)
            sent += outcome is NoticeOutcome.SENT
            lately[notice.recipient_id] += outcome is not None
            if outcome is NoticeOutcome.RETRY:
                resting.add(notice.instance)
        await put_together(self._store, waiting)
        return sent

    async def _send_one(self, notice_id: str, now: datetime) -> NoticeOutcome | None:
        claimed = await self._claims.claim(notice_id, now)
        if claimed is None:
            return None
        receipt = await self._notify(claimed.notice, claimed.message)
        await self._claims.settle(claimed.notice, after_sending(claimed.notice, receipt, now), now)
        return receipt.outcome

    async def _notify(self, notice: NoticeRow, message: Message) -> NoticeReceipt:
        channel = self._channels.get(notice.instance)
        if channel is None:
            return _later("instance_not_configured")
        try:
            return await channel.post.notify(notice.account_id, message, notice.id)
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


def _pressing(notice: NoticeRow) -> tuple[int, datetime, str]:
    """Put what somebody must decide before what is only told."""
    return _PRESSING.get(notice.kind.partition("/")[0], 9), notice.created_at, notice.id


def _later(why: str) -> NoticeReceipt:
    return NoticeReceipt(NoticeOutcome.RETRY, detail=why, retry_after=LONGEST_WAIT.total_seconds())
