"""The two transactions around a sending: the intention before it, what is known after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.notices import receipts
from bot.notices.addresses import others
from bot.notices.digests import is_digest
from bot.notices.enqueue import put_or_merge
from bot.notices.ledger import notice_entry
from bot.notices.letters import write
from bot.notices.outbox import Contents, Matter, Outbox
from bot.notices.outcomes import Settled
from bot.notices.ports import AuditSink, NoticeLimits
from bot.notices.recipients import Subject
from bot.notices.saying import Written
from bot.store.db import Store
from bot.store.notices import (
    case_by_id,
    notice_by_id,
    notices_by_id,
    notices_of,
    set_notice,
    steps_by_id,
)
from bot.store.tables import NoticeRow
from connectors.messages import Message

Judge = Callable[[AsyncConnection, NoticeRow], Awaitable[Subject | None]]
"""For what asks staff to decide: whom it is about, or None where this reader may not decide it (any more)."""
JUDGED = frozenset({"confirm", "questions", "outage"})
"""Stems of kinds whose readers were chosen by their role, which they may have lost since."""
FAILOVER = "failover"
NEEDS_AN_OPERATOR = frozenset({"BadCredentials", "MissingScope", "ConnectorError", "instance_not_configured"})
"""Waiting mends none of these: another channel is taken at once."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that is stored as leaving, and its words."""

    notice: NoticeRow
    message: Message


class Claims:
    """Claims a notice for sending and settles it; each change is compare-and-set with its audit entry."""

    def __init__(
        self,
        store: Store,
        audit: AuditSink,
        outbox: Outbox,
        limits: NoticeLimits,
        judge: Judge | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._outbox = outbox
        self._limits = limits
        self._judge = judge

    async def claim(self, notice_id: str, now: datetime) -> Claimed | None:
        """Store the intention to send, and give the message; None where it must not, or need not, leave."""
        async with self._store.write() as tx:
            notice = await notice_by_id(tx, notice_id)
            if notice is None or notice.state != "pending":
                return None
            subject = await self.subject_of(tx, notice)
            written = await self.written(tx, notice)
            why = await self._why_not(tx, subject, notice, written, now)
            if why:
                await self._withhold(tx, notice, why, now)
                return None
            if written.message is None:
                return None
            return Claimed(await self._intend(tx, notice, written, now), written.message)

    async def written(self, tx: AsyncConnection, notice: NoticeRow) -> Written:
        """Write a notice as things stand now."""
        channel = self._outbox.addresses.channels.get(notice.instance)
        return await write(tx, notice, channel, self._limits, self._outbox.subject_of_case)

    async def settle(self, notice: NoticeRow, settled: Settled, now: datetime) -> None:
        """Store what is known of a sending or a search; what cannot be delivered takes the next way."""
        async with self._store.write() as tx:
            if not await set_notice(tx, notice, dict(settled.values)):
                raise LookupError(f"notice {notice.id} was changed by another sender meanwhile")
            changed = NoticeRow(**notice.model_dump() | dict(settled.values))
            outcome = (
                "resent" if settled.outcome == "sent" and notice.groups.get("twice") else settled.outcome
            )
            await receipts.settle(
                tx, notice.id, outcome, now, reference=changed.reference, detail=settled.why
            )
            await self._audit.append(
                tx, notice_entry(settled.action, changed, settled.outcome, why=settled.why)
            )
            late = now - notice.created_at >= self._limits.patience
            down = settled.outcome == "retry" and (late or settled.why in NEEDS_AN_OPERATOR)
            if settled.outcome == "undeliverable" or down:
                await self._another_way(tx, changed, now, given_up=settled.outcome == "undeliverable")

    async def take_another_way(self, notice_id: str, now: datetime) -> bool:
        """Let a waiting notice take another operator's channel, because its own is known to be down."""
        async with self._store.write() as tx:
            notice = await notice_by_id(tx, notice_id)
            if notice is None or notice.state != "pending":
                return False
            return await self._fail_over(tx, notice, now)

    async def subject_of(self, tx: AsyncConnection, notice: NoticeRow) -> Subject | None:
        """Give whom a notice is about; None where its reader may not be asked (any more)."""
        if notice.hold_digest or notice.kind.partition("/")[0] in JUDGED:
            return await self._judge(tx, notice) if self._judge else None
        if is_digest(notice):
            return Subject("")
        return await self._of_cases(tx, notice)

    async def _of_cases(self, tx: AsyncConnection, notice: NoticeRow) -> Subject | None:
        """Give whom news is about, with everybody whose news was put together with it."""
        first = await self._outbox.subject_of_case(tx, notice.case_id)
        together = await notices_by_id(tx, notice.groups.get("merged", ()))
        found = [await self._outbox.subject_of_case(tx, row.case_id) for row in together]
        rest = [subject for subject in found if subject is not None]
        if first is None or not rest:
            return first
        accounts = first.accounts.union(*[subject.accounts for subject in rest])
        return Subject(first.person_id, accounts, frozenset(subject.person_id for subject in rest))

    async def _intend(
        self, tx: AsyncConnection, notice: NoticeRow, written: Written, now: datetime
    ) -> NoticeRow:
        groups = notice.groups | ({"told": list(written.told)} if written.told else {})
        values = {
            "state": "sending",
            "attempts": notice.attempts + 1,
            "sent_at": now,
            "next_attempt_at": now,
            "said": written.digest,
            "groups": groups,
        }
        await set_notice(tx, notice, values)
        claimed = NoticeRow(**notice.model_dump() | values)
        channel = self._outbox.addresses.channels.get(notice.instance)
        await receipts.intend(tx, claimed, channel.operator if channel else notice.instance, now)
        await self._audit.append(tx, notice_entry(Action.NOTICE_SEND, claimed, "intended"))
        return claimed

    async def _why_not(
        self,
        tx: AsyncConnection,
        subject: Subject | None,
        notice: NoticeRow,
        written: Written,
        now: datetime,
    ) -> str:
        if written.message is None:
            return "no_longer_needed"
        if subject is None or not await self._still_right(tx, subject, notice, now):
            return "recipient_changed"
        allowed = self._limits.only_to
        return "not_on_the_allow_list" if allowed is not None and notice.recipient_id not in allowed else ""

    async def _still_right(
        self, tx: AsyncConnection, subject: Subject, notice: NoticeRow, now: datetime
    ) -> bool:
        able = await self._outbox.able_for(tx, [notice.recipient_id], subject, now)
        return bool(able) and await self._outbox.reaches_only_them(tx, notice, subject)

    async def _withhold(self, tx: AsyncConnection, notice: NoticeRow, why: str, now: datetime) -> None:
        values = {"state": "undeliverable", "detail": why, "next_attempt_at": None}
        await set_notice(tx, notice, values)
        await self._audit.append(tx, notice_entry(Action.NOTICE_SUPPRESS, notice, "withheld", why=why))
        if why == "recipient_changed":
            await self._another_way(tx, NoticeRow(**notice.model_dump() | values), now, given_up=True)

    async def _another_way(
        self, tx: AsyncConnection, notice: NoticeRow, now: datetime, *, given_up: bool
    ) -> None:
        """Try another operator's channel for the same person first, then the next person in line."""
        if await self._fail_over(tx, notice, now) or not given_up:
            return
        await self._next_in_line(tx, notice, now)

    async def _fail_over(self, tx: AsyncConnection, notice: NoticeRow, now: datetime) -> bool:
        subject = await self.subject_of(tx, notice)
        if subject is None or not await self._outbox.able_for(tx, [notice.recipient_id], subject, now):
            return False
        addresses = self._outbox.addresses
        tried = set(await receipts.operators_tried(tx, notice.id, now - self._limits.patience))
        if notice.instance in addresses.channels:
            tried.add(addresses.channels[notice.instance].operator)
        tried |= await self._taken(tx, notice)
        found = others(await addresses.of(tx, notice.recipient_id, subject), addresses.channels, tried)
        if not found:
            return False
        values = {
            "instance": found[0].instance,
            "account_id": found[0].account_id,
            "state": "pending",
            "next_attempt_at": now,
        }
        await set_notice(tx, notice, values)
        moved = NoticeRow(**notice.model_dump() | values)
        entry = notice_entry(Action.NOTICE_SEND, moved, FAILOVER, before=notice.instance)
        await self._audit.append(tx, entry)
        return True

    async def _taken(self, tx: AsyncConnection, notice: NoticeRow) -> set[str]:
        """Give the operators by which the same reader gets the same question already."""
        stem, _, which = notice.kind.rpartition("/")
        if not notice.hold_digest and not notice.kind.startswith("confirm/"):
            return set()
        channels = self._outbox.addresses.channels
        rows = await notices_of(tx, notice.case_id)
        same = [row for row in rows if row.kind.rpartition("/")[0] == stem and row.id != notice.id]
        mine = [row for row in same if row.recipient_id == notice.recipient_id and which]
        return {channels[row.instance].operator for row in mine if row.instance in channels}

    async def _next_in_line(self, tx: AsyncConnection, notice: NoticeRow, now: datetime) -> None:
        """Tell the next in line of each group; tasks go on by their own deadlines."""
        if notice.kind.partition("/")[0] != "removal":
            return
        case = await case_by_id(tx, notice.case_id)
        subject = await self._outbox.subject_of_case(tx, notice.case_id)
        if case is None or subject is None:
            return
        matter = Matter(case, subject, now)
        known = await notices_of(tx, notice.case_id)
        for step in await steps_by_id(tx, notice.groups["steps"]):
            tried = {row.recipient_id for row in known if step.id in row.groups["steps"]}
            chain = [one for one in await self._outbox.chain(tx, step, creator=False) if one not in tried]
            await self._tell(tx, matter, step.id, chain, self._outbox.language_of(step))

    async def _tell(
        self, tx: AsyncConnection, matter: Matter, step_id: str, chain: Sequence[str], language: str | None
    ) -> None:
        heir = await self._outbox.first_reachable(tx, chain, matter)
        if heir:
            contents = Contents(steps=(step_id,), language=language)
            await put_or_merge(self._outbox, tx, matter, "removal", heir, contents)
