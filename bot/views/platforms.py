"""The connected platforms as people call them, and which of them are down or paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.states import LaneState
from bot.store.query import columns, where
from bot.store.tables import LaneRow
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class PlatformTrouble:
    """A platform that nothing can be done on now; its work waits and goes on by itself."""

    instance: str
    title: str
    state: LaneState
    """`waiting`: it does not answer; `paused`: an operator must help."""
    since: datetime | None
    reason: str
    """The platform's words, for whoever looks after connectors; empty for others."""


def title_of(app: Bawab, instance: str) -> str:
    """Give a platform's name as its manifest writes it; the instance's own where it is not configured."""
    connector = app.chat.get(instance)
    return connector.capabilities.title if connector is not None else instance


async def troubles_of(app: Bawab, tx: AsyncConnection, who: Actor) -> tuple[PlatformTrouble, ...]:
    """Give the lanes that let nothing out, by instance."""
    found = await where(tx, LaneRow, columns(LaneRow).state != LaneState.OPEN)
    technical = who.may(Permission.CONNECTOR_READ)
    return tuple(
        PlatformTrouble(
            lane.instance,
            title_of(app, lane.instance),
            LaneState(lane.state),
            lane.since,
            (lane.reason or "") if technical else "",
        )
        for lane in sorted(found, key=_instance)
    )


def _instance(lane: LaneRow) -> str:
    return lane.instance
