"""Finds by which group somebody is in another one, where the membership is not direct."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Row
from connectors.errors import ConnectorError


class Nesting:
    """Walks down from the outer groups to those the person is directly in."""

    def __init__(self, asks: Asks, batches: Batches) -> None:
        self._asks = asks
        self._batches = batches

    async def inner_groups(self, direct: AbstractSet[str], outer: Mapping[str, Row]) -> dict[str, str]:
        """Give outer group → the direct group by which one is in it; none where its members are hidden."""
        ids = list(outer)
        found = await self._batches.listings([self._asks.group_members(id_) for id_ in ids])
        inside = {
            id_: {str(row["id"]) for row in rows} & (direct | set(ids))
            for id_, rows in zip(ids, found, strict=True)
            if not isinstance(rows, ConnectorError)
        }
        return {id_: way for id_ in ids if (way := _way_down(id_, direct, inside)) is not None}


def _way_down(outer: str, direct: AbstractSet[str], inside: Mapping[str, set[str]]) -> str | None:
    """Look for the nearest direct group below `outer`; circles end."""
    looked: set[str] = set()
    level = [outer]
    while level:
        below = sorted({id_ for group in level for id_ in inside.get(group, ())} - looked)
        if found := [id_ for id_ in below if id_ in direct]:
            return found[0]
        looked |= set(below)
        level = below
    return None
