"""What has to wait for an hour's room is put together: one message of several cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bot.store.db import Store
from bot.store.notices import set_notice
from bot.store.tables import NoticeRow

MERGED = "merged"


async def put_together(store: Store, waiting: Sequence[NoticeRow]) -> int:
    """Let the first of somebody's waiting messages about removals carry the rest; gives how many it took."""
    by_reader: defaultdict[tuple[str, str], list[NoticeRow]] = defaultdict(list)
    for notice in waiting:
        if notice.kind.partition("/")[0] == "removal" and not notice.attempts:
            by_reader[notice.recipient_id, notice.instance].append(notice)
    taken = 0
    for rows in by_reader.values():
        if len(rows) > 1:
            taken += await _merge(store, rows[0], rows[1:])
    return taken


async def _merge(store: Store, first: NoticeRow, rest: Sequence[NoticeRow]) -> int:
    async with store.write() as tx:
        values = {"state": MERGED, "detail": first.id, "next_attempt_at": None}
        taken = [row for row in rest if await set_notice(tx, row, values)]
        carried = [one for row in taken for one in (row.id, *row.groups.get("merged", ()))]
        together = [*first.groups.get("merged", ()), *carried]
        await set_notice(tx, first, {"groups": first.groups | {"merged": together}})
        return len(taken)
