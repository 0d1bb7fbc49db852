"""Bawab's memory of groups, for platforms that list none and for the registry: learnt, moved, gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.group_tables import DriftRow, KnownGroupRow, RosterRow
from bot.store.query import add, change, chunks, columns, one, where
from bot.store.tables import StepRow
from bot.values import group_from_plain, group_to_plain
from connectors.contract import KnownGroups
from policies.model import Group, GroupKind

_AT_ONCE = 500
"""Ids in one statement."""


async def known_groups(tx: AsyncConnection, instance: str) -> KnownGroups:
    """Give the groups of an instance that are known and not gone, in the order of their ids."""
    rows = columns(KnownGroupRow)
    found = await where(tx, KnownGroupRow, rows.instance == instance, rows.gone_at.is_(None))
    groups = (group_from_plain(row.group) for row in sorted(found, key=lambda row: row.group_id))
    return KnownGroups(tuple(group for group in groups if group is not None))


async def learn(app: Bawab, tx: AsyncConnection, group: Group, *, because: str) -> bool:
    """Remember a group as it is now; True, and one entry in the log, where it was not known or had gone."""
    rows, now = columns(KnownGroupRow), app.now()
    mine = [rows.instance == group.instance, rows.group_id == group.id]
    before = await one(tx, KnownGroupRow, *mine)
    was = group_from_plain(before.group) if before is not None else None
    group = _with_past(group, was)
    if before is None:
        await add(tx, _row(group, app))
    else:
        values = {"group": group_to_plain(group), "last_seen": now, "gone_at": None, "gone_why": ""}
        await change(tx, KnownGroupRow, values, *mine)
    back = was is not None and was.bot_inside is False and bool(group.bot_inside)
    fresh = before is None or before.gone_at is not None or back
    if fresh:
        await app.audit.append(tx, _entry(group, Action.GROUP_LEARNT, because))
    return fresh


def _with_past(group: Group, was: Group | None) -> Group:
    """No platform tells the ids a group had before; whoever remembers it does."""
    if group.former_ids or was is None or not was.former_ids:
        return group
    return replace(group, former_ids=was.former_ids)


async def listed(
    app: Bawab, tx: AsyncConnection, instance: str, groups: Sequence[Group], lost: Sequence[Group]
) -> None:
    """Remember a listing as a whole, and mark `lost` as gone: few statements, however many groups."""
    rows, now = columns(KnownGroupRow), app.now()
    before = {row.group_id: row for row in await where(tx, KnownGroupRow, rows.instance == instance)}
    fresh = [group for group in groups if group.id not in before]
    back = [group for group in groups if group.id in before and before[group.id].gone_at is not None]
    await add(tx, *(_row(group, app) for group in fresh))
    same = []
    for group in groups:
        known = before.get(group.id)
        was = group_from_plain(known.group) if known is not None else None
        plain = group_to_plain(_with_past(group, was))
        if known is not None and known.gone_at is None and known.group == plain:
            same.append(group.id)
        elif known is not None:
            values = {"group": plain, "last_seen": now, "gone_at": None, "gone_why": ""}
            await change(tx, KnownGroupRow, values, rows.instance == instance, rows.group_id == group.id)
    for some in chunks(same, _AT_ONCE):
        mine = [rows.instance == instance, rows.group_id.in_(some)]
        await change(tx, KnownGroupRow, {"last_seen": now}, *mine)
    await app.audit.append(tx, *(_entry(group, Action.GROUP_LEARNT, "listed") for group in (*fresh, *back)))
    for group in lost:
        await gone(app, tx, instance, group.id, because="not_listed")


def _row(group: Group, app: Bawab) -> KnownGroupRow:
    return KnownGroupRow(
        instance=group.instance,
        group_id=group.id,
        platform=group.platform,
        group=group_to_plain(group),
        first_seen=app.now(),
        last_seen=app.now(),
    )


async def gone(app: Bawab, tx: AsyncConnection, instance: str, group_id: str, *, because: str) -> bool:
    """Say that a group was deleted, or that the bot is no longer in it; True where it was known until now."""
    rows = columns(KnownGroupRow)
    mine = [rows.instance == instance, rows.group_id == group_id, rows.gone_at.is_(None)]
    before = await one(tx, KnownGroupRow, *mine)
    if before is None:
        return False
    await change(tx, KnownGroupRow, {"gone_at": app.now(), "gone_why": because}, *mine)
    group = group_from_plain(before.group)
    if group is not None:
        await app.audit.append(tx, _entry(group, Action.GROUP_GONE, because))
    return True


async def out_of_reach(
    app: Bawab, tx: AsyncConnection, instance: str, group_id: str, *, because: str
) -> bool:
    """Say that the bot is no longer in a group whose members still are; True where that is news."""
    rows = columns(KnownGroupRow)
    mine = [rows.instance == instance, rows.group_id == group_id, rows.gone_at.is_(None)]
    before = await one(tx, KnownGroupRow, *mine)
    group = group_from_plain(before.group) if before is not None else None
    if group is None or group.bot_inside is False:
        return False
    outside = replace(group, bot_inside=False, bot_may_remove=False)
    await change(tx, KnownGroupRow, {"group": group_to_plain(outside), "last_seen": app.now()}, *mine)
    await app.audit.append(tx, _entry(outside, Action.GROUP_GONE, because))
    return True


async def moved(app: Bawab, tx: AsyncConnection, instance: str, old: str, new: str) -> bool:
    """Follow a group to its new id, in the memory and in every step; True where that was news.

    Steps keep their place, their history and their attempts: the group is the same, its id is another.
    """
    rows = columns(KnownGroupRow)
    before = await one(tx, KnownGroupRow, rows.instance == instance, rows.group_id == old)
    await _move_steps(tx, instance, old, new)  # also where it is no news: a plan may be older than the news
    await _move_drifts(tx, instance, old, new)
    if before is not None and before.moved_to == new:
        return False
    await _move_roster(tx, instance, old, new)
    if before is None:
        return True
    group = group_from_plain(before.group)
    values = {"gone_at": app.now(), "gone_why": "moved", "moved_to": new}
    await change(tx, KnownGroupRow, values, rows.instance == instance, rows.group_id == old)
    if group is not None:
        await app.audit.append(tx, _entry(group, Action.GROUP_MOVED, "moved", to=new))
        known = await one(tx, KnownGroupRow, rows.instance == instance, rows.group_id == new)
        newer = group_from_plain(known.group) if known is not None and known.gone_at is None else None
        upgraded = _upgraded(group, new)  # what was heard under the new id is newer, and keeps its word
        told = replace(newer, former_ids=upgraded.former_ids) if newer else upgraded
        await learn(app, tx, told, because="moved")
    return True


def _upgraded(group: Group, new: str) -> Group:
    basic = group.kind is GroupKind.BASIC_GROUP
    kind = GroupKind.SUPERGROUP if basic else group.kind
    return replace(group, id=new, kind=kind, former_ids=(*group.former_ids, group.id))


async def _move_roster(tx: AsyncConnection, instance: str, old: str, new: str) -> None:
    """Whoever was seen in the group was seen in it, whatever it is called now."""
    rows = columns(RosterRow)
    there = await where(tx, RosterRow, rows.instance == instance, rows.group_id == new)
    known = [row.account_id for row in there]
    mine = [rows.instance == instance, rows.group_id == old, rows.account_id.not_in(known)]
    await change(tx, RosterRow, {"group_id": new}, *mine)


async def _move_steps(tx: AsyncConnection, instance: str, old: str, new: str) -> None:
    steps = columns(StepRow)
    for step in await where(tx, StepRow, steps.instance == instance, steps.group_id == old):
        twin = [
            steps.case_id == step.case_id,
            steps.instance == instance,
            steps.account_id == step.account_id,
            steps.action == step.action,
            steps.group_id == new,
            steps.target_id == step.target_id,
        ]
        if await one(tx, StepRow, *twin) is None:
            values = {"group_id": new, "group": _at(step.group, new), "target": _led_to(step.target, new)}
            await change(tx, StepRow, values, steps.id == step.id)


async def _move_drifts(tx: AsyncConnection, instance: str, old: str, new: str) -> None:
    """What was decided of somebody's coming back holds wherever the group is; the same is not found twice."""
    rows = columns(DriftRow)
    for drift in await where(tx, DriftRow, rows.instance == instance, rows.group_id == old):
        same = [rows.instance == instance, rows.account_id == drift.account_id, rows.group_id == new]
        if await one(tx, DriftRow, *same, rows.found_at == drift.found_at) is None:
            await change(tx, DriftRow, {"group_id": new}, rows.id == drift.id)


def _at(group: Any, new: str) -> Any:
    return {**group, "id": new} if group else None


def _led_to(target: Any, new: str) -> Any:
    """A way back names the group it leads into once more."""
    return {**target, "group": _at(target["group"], new)} if target and target.get("group") else target


def _entry(group: Group, action: Action, because: str, *, to: str = "") -> Entry:
    return Entry(
        action=action,
        actor="bawab",
        outcome=because,
        instance=group.instance,
        platform=group.platform,
        group_id=group.id,
        group_name=group.name,
        after={"group_id": to} if to else None,
        detail={"kind": group.kind},
    )
