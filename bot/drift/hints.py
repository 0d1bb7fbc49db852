"""Hints about accounts no removal is known of: kept as rows, and read by the tick, not by who was told."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alarm import News
from bot.app import Bawab
from bot.drafting import Drafter
from bot.drift.at_once import let_go
from bot.drift.compare import compare
from bot.drift.member_index import reading
from bot.drift.record import FoundBy, Sighting, record
from bot.drift.rule import follow_rule
from bot.drift.standing import Standing, standing_of
from bot.lanes import careful, closed_lanes, lane_of, looked, may_work, stumbled
from bot.store.group_tables import ReconcileItemRow
from bot.store.people import link_value
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import LinkRow
from connectors.errors import (
    BadCredentials,
    ConnectorError,
    Forbidden,
    MissingScope,
    RateLimited,
    Unavailable,
)
from policies.identity import match
from policies.model import Account, Certainty, Person

HINTS = "hints"
"""Stands where a reconciliation's id would: these are comparisons of one person each."""
WAITING, UNDER_WAY = "waiting", "reading"
A_PASS = 5
OF_THE_INSTANCE = (Unavailable, BadCredentials, MissingScope, Forbidden)
"""Errors that say nothing of one person or group: the whole instance cannot be read now."""


async def hint(app: Bawab, instance: str, account_id: str) -> bool:
    """Have one person compared in the next tick; True where the account is certainly theirs and it matters.

    Costs a look into the database, so that an event about anybody costs no more. Told again before the look,
    it changes nothing.
    """
    async with app.store.read() as tx:
        person_id = await _whose(tx, instance, account_id)
        if person_id is None or await standing_of(tx, person_id) is None:
            return False
    items = columns(ReconcileItemRow)
    mine = [items.reconcile_id == HINTS, items.instance == instance, items.item_id == person_id]
    async with app.store.write() as tx:
        if await one(tx, ReconcileItemRow, *mine) is not None:
            news = bool(await change(tx, ReconcileItemRow, {"state": WAITING}, *mine, items.state != WAITING))
        else:
            row = ReconcileItemRow(reconcile_id=HINTS, instance=instance, kind="person", item_id=person_id)
            await add(tx, row)
            news = True
    if news:
        app.alarm.ring(News.LOOK)
    return news


async def _whose(tx: AsyncConnection, instance: str, account_id: str) -> str | None:
    """Give the one person this account is certainly linked to."""
    links = columns(LinkRow)
    rows = await where(tx, LinkRow, links.instance == instance, links.account_id == account_id)
    known = [link_value(row) for row in rows]
    for person_id in sorted({row.person_id for row in rows}):
        found = match(Person(person_id, ""), [Account(instance, account_id)], known)
        if found and found[0].certainty is Certainty.CERTAIN:
            return person_id
    return None


async def follow_hints(app: Bawab) -> int:
    """Compare whoever was hinted at, a few in a pass; gives how many drifts that found.

    What cannot be read now waits for its lane; what cannot be read at all is left to the next reconciliation.
    """
    items = columns(ReconcileItemRow)
    async with app.store.read() as tx:
        waiting = await where(tx, ReconcileItemRow, items.reconcile_id == HINTS)
        closed = await closed_lanes(tx, app.now()) if waiting else frozenset()
    able = [row for row in waiting if row.instance in app.chat and row.instance not in closed]
    found = 0
    for row in able[:A_PASS]:
        found += await _follow(app, row)
    return found


async def _compared(app: Bawab, standing: Standing, instance: str) -> list[Sighting] | None:
    """Compare one person on one instance; None where the instance cannot be asked now."""
    platform = app.chat[instance].capabilities.platform
    lane = await lane_of(app, instance, platform)
    if not may_work(lane, app.now()):
        return None
    with careful(lane) as probe:
        try:
            found = list((await compare(app, Drafter(reading(app, instance)), standing, instance)).sightings)
        except RateLimited:
            return None  # for now; the platform is well
        except OF_THE_INSTANCE as error:
            await stumbled(app, instance, platform, error)
            return None
        except ConnectorError:
            found = []
    await looked(app, lane, probe)
    return found


async def _follow(app: Bawab, item: ReconcileItemRow) -> int:
    items = columns(ReconcileItemRow)
    mine = [items.reconcile_id == HINTS, items.instance == item.instance, items.item_id == item.item_id]
    async with app.store.write() as tx:
        await change(tx, ReconcileItemRow, {"state": UNDER_WAY}, *mine)
        standing = await standing_of(tx, item.item_id)
    sightings = [] if standing is None else await _compared(app, standing, item.instance)
    if sightings is None:
        return 0  # read again when the lane may
    async with app.store.write() as tx:
        rows = [await record(app, tx, one_, found_by=FoundBy.EVENT) for one_ in sightings]
        fresh = [row for row in rows if row is not None]
        await let_go(app, tx, await follow_rule(app, tx, fresh))
        # A hint that came meanwhile has set it to waiting again, and is read once more.
        await tx.execute(delete(table(ReconcileItemRow)).where(*mine, items.state == UNDER_WAY))
    return len(fresh)
