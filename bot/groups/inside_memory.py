"""How many outsiders and former staff were found in each group at the last look, kept until the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.report import ReportKind, catalogue
from bot.groups.report_members import Findings, look_inside
from bot.groups.report_reading import Progress, read_groups
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow

_KEY = "looked_inside"
Place = tuple[str, str]
"""(instance, group id)."""


@dataclass(frozen=True, slots=True)
class Inside:
    """How many accounts in a group should not be there; counts only, for names grow old."""

    outsiders: int = 0
    former: int = 0
    complete: bool = True
    """False where the members of the group could not be listed."""


async def look_and_remember(app: Bawab, *, progress: Progress | None = None) -> Mapping[Place, Inside]:
    """Ask every platform who is inside, reads only, and keep the counts; what is unreadable is said so.

    `progress` is called with (done, of how many) over three parts: listing, outsiders, former staff.
    """
    await read_groups(app)
    entries = await catalogue(app)
    outside = await look_inside(app, entries, ReportKind.OUTSIDERS, progress=_part(progress, 0))
    former = await look_inside(app, entries, ReportKind.FORMER_STAFF, progress=_part(progress, 1))
    blind = {(gap.instance, gap.group_id or "") for gap in (*outside.blind, *former.blind)}
    unread = {name for name, _ in (*outside.unread, *former.unread)}
    outsiders, left = _counted(outside), _counted(former)
    places = [(each.instance, each.id) for each in entries if each.group and each.instance in app.chat]
    found = {
        place: Inside(outsiders[place], left[place], place not in blind and place[0] not in unread)
        for place in places
    }
    await _keep(app, found)
    return found


def _part(progress: Progress | None, part: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, total: progress(part * total + done, 2 * total)


def _counted(found: Findings) -> Counter[Place]:
    return Counter((each.entry.instance, each.entry.id) for each in found.inside)


async def _keep(app: Bawab, found: Mapping[Place, Inside]) -> None:
    rows = [
        [*place, inside.outsiders, inside.former, inside.complete] for place, inside in sorted(found.items())
    ]
    value = {"at": app.now().isoformat(), "groups": rows}
    mine = columns(MetaRow).key == _KEY
    async with app.store.write() as tx:
        if not await change(tx, MetaRow, {"value": value}, mine):
            await add(tx, MetaRow(key=_KEY, value=value))


async def remembered_inside(tx: AsyncConnection) -> tuple[datetime | None, Mapping[Place, Inside]]:
    """Give when somebody last looked (None: never), and what was found in each group."""
    row = await one(tx, MetaRow, columns(MetaRow).key == _KEY)
    if row is None:
        return None, {}
    found = {
        (instance, group): Inside(outsiders, former, complete)
        for instance, group, outsiders, former, complete in row.value["groups"]
    }
    return datetime.fromisoformat(row.value["at"]), found
