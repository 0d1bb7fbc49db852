"""What a question about one departure shows: read once, kept with the hold, bound by a pressed button."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.access.roster import people_with
from bot.app import Bawab
from bot.holds import open_holds
from bot.preview import Preview, preview_hold
from bot.release import Seen
from bot.release_faults import CannotRelease
from bot.states import HoldKind
from bot.store.query import change, columns
from bot.store.tables import HoldRow
from bot.views.platforms import title_of
from policies.roles import Role

AT_ONCE = 5
"""Departures read in one pass: a tick must not take minutes; the next one reads the next."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message names: how many groups, on which platforms, and whether all could be read."""

    groups: int
    platforms: tuple[tuple[str, int], ...]
    """(title, groups), by title."""
    whole: bool
    seen: Seen


async def look_before_asking(app: Bawab) -> int:
    """Read what each departure that waits for an approval would end; gives how many were read.

    Where nobody can be asked nothing is read. What no platform tells now is not bound: the message says so.
    """
    async with app.store.read() as tx:
        waiting = [hold for hold in await open_holds(tx) if _wants_a_look(hold)]
        if not waiting or not await people_with(app, tx, (Role.HR, Role.IT)):
            return 0
    for hold in waiting[:AT_ONCE]:
        try:
            held = await preview_hold(app, hold.digest)
        except CannotRelease:
            continue  # somebody decided it meanwhile
        values = {"shown": _plain(app, held.preview)}
        async with app.store.write() as tx:
            holds = columns(HoldRow)
            await change(tx, HoldRow, values, holds.digest == hold.digest, holds.shown.is_(None))
    return len(waiting[:AT_ONCE])


def shown_of(hold: HoldRow) -> Shown | None:
    """Give what was read for a hold; None where nothing was."""
    kept = hold.shown
    if kept is None:
        return None
    counted = tuple((title, int(count)) for title, count in kept["platforms"])
    return Shown(sum(count for _, count in counted), counted, bool(kept["whole"]), kept["seen"])


def _wants_a_look(hold: HoldRow) -> bool:
    return hold.kind == HoldKind.APPROVAL and hold.shown is None


def _plain(app: Bawab, found: Preview) -> dict[str, Any]:
    seen = found.seen()
    counted: Counter[str] = Counter()
    for by_instance in seen.values():
        for instance, groups in by_instance.items():
            counted[title_of(app, instance)] += len(groups)
    platforms = sorted((title, count) for title, count in counted.items() if count)
    return {"seen": seen, "platforms": platforms, "whole": not found.unread}
