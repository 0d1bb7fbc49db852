"""What Telegram says of groups and of who is in them, into Bawab's memory."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.sql.elements import ColumnElement

from bot.app import Bawab
from bot.drift.look_now import look_now
from bot.groups import memory
from bot.store.group_tables import KnownGroupRow, RosterRow
from bot.store.query import add, change, columns, one
from bot.surfaces.telegram.meanings import BotOutside, GroupMoved, PersonSeen
from bot.values import group_from_plain
from policies.model import Group


class Groups:
    """One bot's groups; each act is safe to repeat."""

    def __init__(self, app: Bawab, instance: str) -> None:
        self._app = app
        self._instance = instance

    async def inside(self, group: Group) -> None:
        """Learn a group the bot is in, with its rights; what a listing had added stays."""
        async with self._app.store.write() as tx:
            row = await one(tx, KnownGroupRow, *self._mine(group.id))
            if row is None or row.moved_to is None:
                await memory.learn(self._app, tx, _kept(row, group), because="my_chat_member")

    async def seen(self, group: Group, because: str) -> None:
        """Learn a group that told of itself, if it is not known so; its rights are not known by that."""
        async with self._app.store.read() as tx:
            row = await one(tx, KnownGroupRow, *self._mine(group.id))
        if row is not None and (row.moved_to is not None or _same(row, group)):
            return
        async with self._app.store.write() as tx:
            row = await one(tx, KnownGroupRow, *self._mine(group.id))
            known = replace(_kept(row, group), bot_inside=True)
            if row is not None and row.gone_at is None:
                known = replace(known, bot_may_remove=_bot_may(row))
            await memory.learn(self._app, tx, known, because=because)

    async def outside(self, told: BotOutside) -> None:
        """Note that the bot is no longer in a group: the people are, so it stays known, and out of reach."""
        async with self._app.store.write() as tx:
            await memory.out_of_reach(self._app, tx, self._instance, told.group_id, because=told.why)

    async def moved(self, told: GroupMoved) -> None:
        """Follow a group to its new id."""
        async with self._app.store.write() as tx:
            await memory.moved(self._app, tx, self._instance, told.old_id, told.new_id)

    async def person(self, told: PersonSeen, because: str) -> None:
        """Note how somebody stands in a group; whoever joined is looked at, never believed to be there."""
        await self.seen(told.group, because)
        rows, now = columns(RosterRow), self._app.now()
        mine = [rows.instance == self._instance, rows.group_id == told.group.id]
        mine.append(rows.account_id == told.account_id)
        async with self._app.store.write() as tx:
            if not await change(tx, RosterRow, {"status": told.status, "seen_at": now}, *mine):
                row = RosterRow(
                    instance=self._instance,
                    group_id=told.group.id,
                    account_id=told.account_id,
                    status=told.status,
                    seen_at=now,
                )
                await add(tx, row)
        if told.joined:
            await look_now(self._app, self._instance, told.account_id, told.group.id, because=because)

    def _mine(self, group_id: str) -> list[ColumnElement[bool]]:
        rows = columns(KnownGroupRow)
        return [rows.instance == self._instance, rows.group_id == group_id]


def _kept(row: KnownGroupRow | None, group: Group) -> Group:
    """Keep what an update does not tell: who made the group, its size, which one it is linked to."""
    before = group_from_plain(row.group) if row is not None else None
    if before is None:
        return group
    return replace(
        before,
        name=group.name or before.name,
        kind=group.kind,
        bot_inside=group.bot_inside,
        bot_may_remove=group.bot_may_remove,
    )


def _same(row: KnownGroupRow, group: Group) -> bool:
    before = group_from_plain(row.group)
    known = before is not None and (before.name, before.kind) == (group.name, group.kind)
    return known and row.gone_at is None


def _bot_may(row: KnownGroupRow) -> bool | None:
    before = group_from_plain(row.group)
    return before.bot_may_remove if before is not None else None
