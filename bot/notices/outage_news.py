"""IT told of outages: one quiet message to each, by a channel that is up, changed when all is well again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.roster import people_with
from bot.app import Bawab
from bot.backlog import backlog_of_all
from bot.notices.channels import Channel, kind_and_operator
from bot.notices.outage_letters import STEM, outage_id
from bot.notices.outbox import Contents, Outbox, Put
from bot.notices.recipients import Subject
from bot.notices.updates import LIVE_FOR
from bot.outages import Fall, Outage, begins, falls_of, forget, goes_on, keep, outage_by_id, outages
from bot.states import LaneState
from bot.store.notices import outage_notices
from bot.store.query import columns, new_id, where
from bot.store.tables import LaneRow, NoticeRow
from bot.views.platforms import title_of
from policies.roles import Role

MOST_NAMED = 3
"""Of many workspaces that are down, so many are named and the rest counted."""


class OutageNews:
    """Follows the lanes at each tick, and writes down who is told; the database is all it remembers."""

    def __init__(self, app: Bawab, outbox: Outbox) -> None:
        self._app = app
        self._outbox = outbox

    async def follow(self) -> int:
        """Store every outage as it stands now, with the messages it takes; gives how many are new."""
        async with self._app.store.read() as tx:
            if not await self._moved(tx):
                return 0
        async with self._app.store.write() as tx:
            return sum([await self._store(tx, one) for one in await self._moved(tx)])

    async def _moved(self, tx: AsyncConnection) -> list[Outage]:
        """Give the outages that stand differently from how they are stored, and those that are new."""
        shut = await where(tx, LaneRow, columns(LaneRow).state != LaneState.OPEN)
        # One that was taken out of the settings while it waited is asked by nobody: nothing is known of it.
        asked = [lane for lane in shut if lane.state == LaneState.PAUSED or lane.instance in self._app.chat]
        down = falls_of(asked, self._app.now())
        known = await outages(tx)
        running = {one.scope for one in known if not one.over}
        new = [self._new(fall) for scope, fall in sorted(down.items()) if scope not in running]
        return [*self._changed(known, down), *new]

    def _changed(self, known: Sequence[Outage], down: Mapping[str, Fall]) -> Iterator[Outage]:
        now, patience = self._app.now(), self._app.settings.notices.outage_after
        waiting = [fall for fall in down.values() if fall.state == LaneState.WAITING]
        silent = frozenset(name for fall in waiting for name in fall.instances)
        for one in known:
            stands = one if one.over else goes_on(one, down.get(one.scope), now, patience, silent)
            if stands.is_up and not one.is_up and not set(one.instances).intersection(self._app.chat):
                stands = replace(one, over=True, told=False)  # taken out of the settings, not answering again
            if stands != one or stands.is_forgotten(now):
                yield stands

    def _new(self, fall: Fall) -> Outage:
        now = self._app.now()
        begun = begins(new_id(STEM), fall, now)
        return goes_on(begun, fall, now, self._app.settings.notices.outage_after)

    async def _store(self, tx: AsyncConnection, outage: Outage) -> int:
        now = self._app.now()
        if outage.is_forgotten(now):
            await forget(tx, outage)
            return 0
        if not outage.told:
            await keep(tx, outage)
            return 0
        told = await self._counted(tx, outage)
        await keep(tx, told)
        return sum([await self._put(tx, told, person) for person in sorted(await self._readers(tx))])

    async def _counted(self, tx: AsyncConnection, outage: Outage) -> Outage:
        """Count what waits, and name what is down."""
        now, waits = self._app.now(), await backlog_of_all(self._app, tx, outage.instances)
        since = outage.counted if waits == outage.waits else now
        rows = columns(LaneRow)
        shut = await where(tx, LaneRow, rows.instance.in_(outage.instances), rows.state == LaneState.PAUSED)
        refused = outage.is_up and bool(shut)
        found = replace(outage, waits=waits, counted=since, looked=now, refused=refused)
        return replace(found, title=self._title(outage))

    def _title(self, outage: Outage) -> str:
        """Name a platform by its own name where all of it is down, else with what of it is."""
        if len(outage.instances) == 1:
            return title_of(self._app, outage.instances[0])
        found = [one.capabilities for one in self._app.chat.values()]
        same = [able.title for able in found if able.platform == outage.platform]
        title = same[0] if same else outage.platform
        if len(outage.instances) == len(same):
            return title
        rest = len(outage.instances) - MOST_NAMED
        parts = [*outage.instances[:MOST_NAMED], *([f"+{rest}"] if rest > 0 else [])]
        return f"{title} ({', '.join(parts)})"

    async def _readers(self, tx: AsyncConnection) -> frozenset[str]:
        """Give everybody of IT, and whom the settings name as its contact."""
        contact = self._app.settings.it_contact
        staff = {row.id for row in await people_with(self._app, tx, {Role.IT})}
        return await self._outbox.present(tx, staff | ({contact} if contact else set()), self._app.now())

    async def _put(self, tx: AsyncConnection, outage: Outage, person: str) -> int:
        kind = f"{STEM}/{outage.id}"
        if outage.is_up:
            if not await self._must_hear_again(tx, outage, kind, person):
                return 0
            kind += "/back"
        put = Put("", await self._subject(tx, outage, person), self._app.now(), kind, person)
        return int(await self._outbox.write(tx, put, Contents()) is not None)

    async def _must_hear_again(self, tx: AsyncConnection, outage: Outage, kind: str, person: str) -> bool:
        """Whether what somebody was told of an outage that is over cannot be changed where it stands."""
        mine = [row for row in await outage_notices(tx, kind) if row.recipient_id == person]
        return outage.over and bool(mine) and not any(map(self._shows, mine))

    def _shows(self, notice: NoticeRow) -> bool:
        """Whether a message says by itself what is so now: not yet sent, or where it can be changed."""
        channel = self._outbox.addresses.channels.get(notice.instance)
        changes = channel is not None and channel.updates is not None and notice.closed_at is None
        young = notice.sent_at is None or self._app.now() - notice.sent_at < LIVE_FOR
        return notice.state in ("pending", "sending") or (notice.state == "sent" and changes and young)

    async def judge(self, tx: AsyncConnection, notice: NoticeRow) -> Subject | None:
        """Give the addresses such a message may not take; None where its reader is not of IT (any more)."""
        outage = await outage_by_id(tx, outage_id(notice))
        if outage is None or notice.recipient_id not in await self._readers(tx):
            return None
        return await self._subject(tx, outage, notice.recipient_id)

    async def _subject(self, tx: AsyncConnection, outage: Outage, person: str) -> Subject:
        """Rule out every address of the reader's on what is down: no message about it goes there."""
        addresses = self._outbox.addresses
        down = [] if outage.is_up else [one for one in addresses.channels.values() if _is_down(outage, one)]
        found = [(channel.name, await addresses.on(tx, person, channel)) for channel in down]
        return Subject("", frozenset((name, address) for name, address in found if address))


def _is_down(outage: Outage, channel: Channel) -> bool:
    """Whether a channel is down with an outage: a refused token is one lane's, silence all its operator's."""
    if outage.state == LaneState.PAUSED:
        return channel.name in outage.instances
    return channel.operator == kind_and_operator(outage.platform)[1]
