"""Messages that were sent show what is so now: changed in place, quietly, and not looked at once settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.audit.actions import Action
from bot.notices import receipts
from bot.notices.channels import Channel
from bot.notices.claims import Claims
from bot.notices.ledger import notice_entry
from bot.notices.matters import About, abouts
from bot.notices.ports import AuditSink
from bot.notices.saying import Written
from bot.store.db import Store
from bot.store.notices import change_shown, closed_channels, live_notices, notice_by_id, pulse
from bot.store.tables import NoticeRow
from connectors.errors import ConnectorError
from connectors.messages import Message, NoticeOutcome, NoticeReceipt

LIVE_FOR = timedelta(days=30)
"""A message older than this stays as it is."""
_MOST_LIVE = 2000
_MOST_AT_ONCE = 200
"""Messages written again in one pass; the rest follows in the next."""
_JUST_NOW = timedelta(minutes=1)


class Updates:
    """Compares what messages say with what they would say now; safe to repeat after any interruption."""

    def __init__(
        self, store: Store, audit: AuditSink, channels: Mapping[str, Channel], claims: Claims
    ) -> None:
        self._store = store
        self._audit = audit
        self._channels = channels
        self._claims = claims
        self._seen: object = None
        """How everything stood at the last look; after a restart everything is new."""
        self._shown: dict[str, About] = {}
        """notice → how things stood that it is about, when it was looked at."""

    async def show(self, now: datetime) -> int:
        """Change what says something else now; gives how many messages were changed.

        Nothing is read again while nothing that messages are about has changed, and no message is written
        again while nothing of its own has.
        """
        async with self._store.read() as tx:
            standing = await pulse(tx, now - LIVE_FOR)
            if standing == self._seen:
                return 0
            live = await live_notices(tx, now - LIVE_FOR, _MOST_LIVE)
            about = await abouts(tx, live)
            down = await closed_channels(tx, now)
        moved = [notice for notice in live if self._has_moved(notice, about.get(notice.id))]
        able = [notice for notice in moved if notice.instance not in down]  # an outage costs few requests
        left = {notice.id for notice in moved} - {notice.id for notice in able[:_MOST_AT_ONCE]}
        changed = 0
        for notice in able[:_MOST_AT_ONCE]:
            outcome = await self._show(notice, now)
            changed += outcome is NoticeOutcome.SENT
            left |= {notice.id} if outcome is NoticeOutcome.RETRY else set()
        self._shown = {key: what for key, what in about.items() if key not in left}
        self._seen = None if left else standing
        return changed

    def _has_moved(self, notice: NoticeRow, about: About | None) -> bool:
        """Whether what a message is about may have changed since it was written or looked at.

        A change is stored a little later than it is dated, so the last minute counts as new.
        """
        if about is None:
            return True
        if notice.id in self._shown:
            return self._shown[notice.id] != about
        written = notice.updated_at or notice.sent_at
        return about.newest is None or written is None or about.newest >= written - _JUST_NOW

    async def _show(self, notice: NoticeRow, now: datetime) -> NoticeOutcome | None:
        async with self._store.read() as tx:
            written = await self._claims.written(tx, notice)
        if written.message is None or written.digest == notice.said:
            await self._close(notice, written, now)
            return None
        channel = self._channels.get(notice.instance)
        if channel is None or channel.updates is None:
            await self._close(notice, written, now)
            return None
        async with self._store.write() as tx:
            if await self._claims.subject_of(tx, notice) is None and not written.closed:
                return None  # whoever may not be asked any more keeps what they were shown
            await receipts.intend(tx, notice, channel.operator, now)
        receipt = await self._update(channel, notice, written.message)
        await self._settle(notice, written, receipt, now)
        return receipt.outcome

    async def _update(self, channel: Channel, notice: NoticeRow, message: Message) -> NoticeReceipt:
        updates = channel.updates
        if updates is None:
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="cannot_be_changed")
        try:
            return await updates.update_notice(notice.account_id, notice.reference, message, notice.id)
        except ConnectorError as error:
            return NoticeReceipt(NoticeOutcome.RETRY, notice.reference, type(error).__name__)

    async def _settle(
        self, notice: NoticeRow, written: Written, receipt: NoticeReceipt, now: datetime
    ) -> None:
        async with self._store.write() as tx:
            shown = receipt.outcome is NoticeOutcome.SENT
            outcome = "updated" if shown else str(receipt.outcome)
            await receipts.settle(
                tx, notice.id, outcome, now, reference=notice.reference, detail=receipt.detail
            )
            if receipt.outcome is NoticeOutcome.RETRY:
                return
            values = {"said": written.digest, "updated_at": now, "closed_at": now if written.closed else None}
            if not shown:
                values["closed_at"] = now  # gone, or it cannot be changed any more
            if await change_shown(tx, notice, values):
                await self._audit.append(tx, notice_entry(Action.NOTICE_UPDATE, notice, outcome))

    async def _close(self, notice: NoticeRow, written: Written, now: datetime) -> None:
        if not written.closed:
            return
        async with self._store.write() as tx:
            if await notice_by_id(tx, notice.id) is not None:
                await change_shown(tx, notice, {"closed_at": now})
