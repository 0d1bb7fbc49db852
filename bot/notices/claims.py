"""The two transactions around a sending: the intention before it, what is known after it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.notices.enqueue import put_or_merge
from bot.notices.ledger import notice_entry
from bot.notices.letters import letter_text
from bot.notices.outbox import Contents, Matter, Outbox
from bot.notices.outcomes import Settled
from bot.notices.ports import AuditSink, DirectoryLookup, NoticeLimits
from bot.store.db import Store
from bot.store.notices import case_by_id, notice_by_id, notices_of, set_notice, steps_by_id, steps_of_case
from bot.store.tables import NoticeRow


class Claims:
    """Claims a notice for sending and settles it; each change is compare-and-set with its audit entry."""

    def __init__(
        self, store: Store, audit: AuditSink, directory: DirectoryLookup, outbox: Outbox, limits: NoticeLimits
    ) -> None:
        self._store = store
        self._audit = audit
        self._directory = directory
        self._outbox = outbox
        self._limits = limits

    async def claim(self, notice_id: str, now: datetime) -> tuple[NoticeRow, str] | None:
        """Store the intention to send, and give the message; None where it must not, or need not, leave."""
        async with self._store.write() as tx:
            notice = await notice_by_id(tx, notice_id)
            if notice is None or notice.state != "pending":
                return None
            matter = await self._matter(tx, notice, now)
            text = await letter_text(tx, matter.case, notice, await self._zone(tx, notice.recipient_id))
            why = await self._why_not(tx, matter, notice, text)
            if why:
                await self._withhold(tx, matter, notice, why)
                return None
            return await self._intend(tx, notice, now), text

    async def settle(self, notice: NoticeRow, settled: Settled, now: datetime) -> None:
        """Store what is known of a sending or a search; what cannot be delivered goes to the next in line."""
        async with self._store.write() as tx:
            if not await set_notice(tx, notice, dict(settled.values)):
                raise LookupError(f"notice {notice.id} was changed by another sender meanwhile")
            changed = NoticeRow(**notice.model_dump() | dict(settled.values))
            entry = notice_entry(settled.action, changed, settled.outcome, why=settled.why)
            await self._audit.append(tx, entry)
            if settled.outcome == "undeliverable":
                await self._reroute(tx, await self._matter(tx, changed, now), changed)

    async def _matter(self, tx: AsyncConnection, notice: NoticeRow, now: datetime) -> Matter:
        case = await case_by_id(tx, notice.case_id)
        if case is None:
            raise LookupError(f"notice {notice.id} belongs to case {notice.case_id}, which does not exist")
        subject = await self._outbox.subject(tx, case, await steps_of_case(tx, case.id))
        return Matter(case, subject, now)

    async def _intend(self, tx: AsyncConnection, notice: NoticeRow, now: datetime) -> NoticeRow:
        values = {"state": "sending", "attempts": notice.attempts + 1, "sent_at": now, "next_attempt_at": now}
        await set_notice(tx, notice, values)
        claimed = NoticeRow(**notice.model_dump() | values)
        await self._audit.append(tx, notice_entry(Action.NOTICE_SEND, claimed, "intended"))
        return claimed

    async def _why_not(self, tx: AsyncConnection, matter: Matter, notice: NoticeRow, text: str) -> str:
        if not text:
            return "no_longer_needed"
        if not await self._outbox.still_right(tx, matter, notice):
            return "recipient_changed"
        allowed = self._limits.only_to
        return "not_on_the_allow_list" if allowed is not None and notice.recipient_id not in allowed else ""

    async def _withhold(self, tx: AsyncConnection, matter: Matter, notice: NoticeRow, why: str) -> None:
        values = {"state": "undeliverable", "detail": why, "next_attempt_at": None}
        await set_notice(tx, notice, values)
        await self._audit.append(tx, notice_entry(Action.NOTICE_SUPPRESS, notice, "withheld", why=why))
        if why == "recipient_changed":
            await self._reroute(tx, matter, notice)

    async def _reroute(self, tx: AsyncConnection, matter: Matter, notice: NoticeRow) -> None:
        """Tell the next in line of each group; manual tasks go on by their own deadlines."""
        if notice.kind.partition("/")[0] != "removal":
            return
        known = await notices_of(tx, notice.case_id)
        for step in await steps_by_id(tx, notice.groups["steps"]):
            tried = {row.recipient_id for row in known if step.id in row.groups["steps"]}
            chain = [one for one in await self._outbox.chain(tx, step, creator=False) if one not in tried]
            heir = await self._outbox.first_reachable(tx, chain, matter)
            if heir:
                language = self._outbox.language_of(step)
                contents = Contents(steps=(step.id,), language=language)
                await put_or_merge(self._outbox, tx, matter, "removal", heir, contents)

    async def _zone(self, tx: AsyncConnection, person_id: str) -> str:
        person = await self._directory.person(tx, person_id)
        return (person.time_zone if person else None) or self._limits.time_zone
