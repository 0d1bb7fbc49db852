"""The connected platforms as people call them, and which of them are down or paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.backlog import NOTHING, Backlog, backlogs
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
    next_probe: datetime | None = None
    probes: int = 0
    """How often it was asked since, in vain."""
    waits: Backlog = NOTHING


def title_of(app: Bawab, instance: str) -> str:
    """Give a platform's name as its manifest writes it, told from another of the same name.

    An instance that is not configured any more goes by its own name.
    """
    connector = app.chat.get(instance)
    if connector is None:
        return instance
    title = connector.capabilities.title
    alone = all(other.capabilities.title != title for name, other in app.chat.items() if name != instance)
    return title if alone else f"{title} ({instance})"


def titles(app: Bawab) -> list[tuple[str, str]]:
    """Give every configured instance with its title, by title, for a choice among them."""
    return sorted(((name, title_of(app, name)) for name in app.settings.instance_names), key=_title)


def _title(one: tuple[str, str]) -> str:
    return one[1].casefold()


async def troubles_of(app: Bawab, tx: AsyncConnection, who: Actor) -> tuple[PlatformTrouble, ...]:
    """Give the lanes that let nothing out, by instance."""
    found = await where(tx, LaneRow, columns(LaneRow).state != LaneState.OPEN)
    technical = who.may(Permission.CONNECTOR_READ)
    waits = await backlogs(app, tx, [lane.instance for lane in found], but=who.id) if found else {}
    return tuple(
        PlatformTrouble(
            lane.instance,
            title_of(app, lane.instance),
            LaneState(lane.state),
            lane.since,
            (lane.reason or "") if technical else "",
            lane.next_probe,
            lane.probes,
            waits.get(lane.instance, NOTHING),
        )
        for lane in sorted(found, key=_instance)
    )


def _instance(lane: LaneRow) -> str:
    return lane.instance
