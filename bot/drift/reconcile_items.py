"""What a reconciliation still has to read, as rows: stored as each is read, so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.drift.hints import HINTS
from bot.drift.standing import everybody_out
from bot.store.group_tables import ReconcileItemRow, ReconcileRow
from bot.store.query import add, all_of, change, chunks, columns, one, table, where
from bot.store.tables import LinkRow, SnapshotRow
from bot.values import group_to_plain
from policies.model import Group

PERSON, GROUP = "person", "group"
WAITING, READ, UNREADABLE = "waiting", "read", "unreadable"

_items = columns(ReconcileItemRow)


async def last_run(tx: AsyncConnection) -> ReconcileRow | None:
    """Give the newest reconciliation, ended or not."""
    newest = select(table(ReconcileRow)).order_by(columns(ReconcileRow).started_at.desc()).limit(1)
    found = await all_of(tx, ReconcileRow, newest)
    return found[0] if found else None


async def put_people(app: Bawab, tx: AsyncConnection, row: ReconcileRow) -> dict[str, int]:
    """Store whom to compare where, and let the items of earlier runs go; gives people per instance.

    Only who has an account there, as far as anybody knows, is compared there; and only where the platform
    can be read back at all: what a person attested is nobody's reading.
    """
    await tx.execute(delete(table(ReconcileItemRow)).where(_items.reconcile_id.not_in([row.id, HINTS])))
    out, links = await everybody_out(tx), columns(LinkRow)
    pairs: set[tuple[str, str]] = set()
    for part in chunks(sorted(out), 500):
        linked = select(links.instance, links.person_id).where(links.person_id.in_(part)).distinct()
        pairs |= {(str(name), str(person_id)) for name, person_id in (await tx.execute(linked)).all()}
    able = {name for name, connector in app.chat.items() if connector.capabilities.reads_back}
    wanted = sorted(pair for pair in pairs if pair[0] in able)
    rows = [
        ReconcileItemRow(reconcile_id=row.id, instance=name, kind=PERSON, item_id=person_id)
        for name, person_id in wanted
    ]
    for some in chunks(rows, 500):
        await add(tx, *some)
    names = [name for name, _ in wanted]
    return {name: names.count(name) for name in sorted(able)}


async def put_groups(tx: AsyncConnection, row: ReconcileRow, instance: str, groups: Sequence[Group]) -> None:
    """Store the groups whose members are to be read, each whole, so that none is listed twice.

    The clock and a command may both carry on the same run: what the other has stored stands.
    """
    stored = columns(ReconcileItemRow)
    mine = [stored.reconcile_id == row.id, stored.instance == instance, stored.kind == GROUP]
    known = {item.item_id for item in await where(tx, ReconcileItemRow, *mine)}
    rows = [
        ReconcileItemRow(
            reconcile_id=row.id,
            instance=instance,
            kind=GROUP,
            item_id=group.id,
            found={"group": group_to_plain(group)},
        )
        for group in {group.id: group for group in groups if group.id not in known}.values()
    ]
    for some in chunks(rows, 200):
        await add(tx, *some)


async def items(
    tx: AsyncConnection,
    row: ReconcileRow,
    *,
    instance: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    most: int | None = None,
) -> list[ReconcileItemRow]:
    """Give items of a run in the order of their ids, only those that are asked for."""
    wanted = [_items.reconcile_id == row.id]
    given = ((_items.instance, instance), (_items.kind, kind), (_items.state, state))
    wanted += [column == value for column, value in given if value is not None]
    statement = select(table(ReconcileItemRow)).where(*wanted).order_by(_items.instance, _items.item_id)
    return await all_of(tx, ReconcileItemRow, statement if most is None else statement.limit(most))


async def done(
    tx: AsyncConnection,
    item: ReconcileItemRow,
    state: str,
    *,
    found: Mapping[str, Any] | None = None,
    problem: str = "",
) -> bool:
    """Store that an item was read, with what it showed; False where somebody else was quicker."""
    values: dict[str, Any] = {"state": state, "problem": problem}
    if found is not None:
        values["found"] = dict(found)
    mine = [_items.reconcile_id == item.reconcile_id, _items.instance == item.instance]
    mine += [_items.kind == item.kind, _items.item_id == item.item_id, _items.state == WAITING]
    return bool(await change(tx, ReconcileItemRow, values, *mine))


async def counts(tx: AsyncConnection, row: ReconcileRow) -> tuple[int, int]:
    """Count the items that are done, and all of them."""
    grouped = select(_items.state, func.count()).where(_items.reconcile_id == row.id).group_by(_items.state)
    found = {str(state): int(count) for state, count in (await tx.execute(grouped)).all()}
    total = sum(found.values())
    return total - found.get(WAITING, 0), total


async def instances_waiting(tx: AsyncConnection, row: ReconcileRow) -> set[str]:
    """Name the instances that have something left to read."""
    left = select(_items.instance).where(_items.reconcile_id == row.id, _items.state == WAITING).distinct()
    return {str(name) for name in (await tx.execute(left)).scalars()}


async def accounts_compared(tx: AsyncConnection, row: ReconcileRow, instance: str) -> frozenset[str]:
    """Give the account ids of everybody this run compares on an instance."""
    links = columns(LinkRow)
    people = [item.item_id for item in await items(tx, row, instance=instance, kind=PERSON)]
    found: set[str] = set()
    for part in chunks(people, 500):
        rows = await where(tx, LinkRow, links.instance == instance, links.person_id.in_(part))
        found |= {link.account_id for link in rows}
    return frozenset(found)


async def groups_remembered(tx: AsyncConnection, instance: str) -> int:
    """Count the groups that leavers were ever seen in on an instance: at least so many there are, or were."""
    shots = columns(SnapshotRow)
    counted = select(func.count(shots.group_id.distinct())).where(shots.instance == instance)
    return int((await tx.execute(counted)).scalar_one())


async def reread(tx: AsyncConnection, row: ReconcileRow) -> ReconcileRow:
    """Give the run as it is stored now; raises LookupError where it is gone."""
    found = await one(tx, ReconcileRow, columns(ReconcileRow).id == row.id)
    if found is None:
        raise LookupError(f"reconciliation {row.id} does not exist")
    return found
