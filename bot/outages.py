"""Outages as data: one row for each time a platform was down, joined where it only answered in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backlog import NOTHING, Backlog
from bot.states import LaneState
from bot.store.notices import OUTAGES
from bot.store.query import add, change, columns, table, where
from bot.store.tables import LaneRow, MetaRow

JOINS = timedelta(hours=1)
"""A platform that falls again so soon after it came back is still in the same outage."""
COUNTS_AGAIN = timedelta(hours=1)
"""How old the count of what waits may become while an outage lasts."""
KEPT = timedelta(days=31)
"""A message may be changed for thirty days: so long it must be known what it told of."""
_MOMENTS = ("began", "since", "counted", "looked")
_meta = columns(MetaRow)


@dataclass(frozen=True, slots=True)
class Fall:
    """What is down now: all lanes of a platform that does not answer, or one lane whose token is refused."""

    scope: str
    """The platform, or platform and instance: what is one outage."""
    platform: str
    state: LaneState
    since: datetime
    instances: tuple[str, ...]
    reason: str = ""
    gone: bool = False
    """It is not in the settings any more, and so never asked again by itself."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What is known of one outage; it outlives the lanes' own rows, which only know the present."""

    id: str
    scope: str
    platform: str
    state: LaneState
    """`waiting` or `paused` while it is down; `open` once it answered again."""
    began: datetime
    since: datetime
    """When it fell last, or answered again."""
    counted: datetime
    """Since when `waits` has been what it is."""
    looked: datetime
    """When it was counted last."""
    instances: tuple[str, ...]
    title: str = ""
    """What is down, as people call it."""
    down: float = 0.0
    """Seconds it was down before `since`."""
    falls: int = 1
    reason: str = ""
    gone: bool = False
    refused: bool = False
    """It answers, but refuses a token: another outage tells what to mend, and nothing goes on before."""
    told: bool = False
    """Whether IT was told; not of what was too short."""
    over: bool = False
    """It answered for so long that the next time would be another outage."""
    waits: Backlog = field(default=NOTHING)

    @property
    def is_up(self) -> bool:
        """Whether it answers."""
        return self.state == LaneState.OPEN

    def seconds(self, now: datetime) -> float:
        """Give how long it was down, all in all."""
        return self.down + (0.0 if self.is_up else max(0.0, (now - self.since).total_seconds()))

    def is_forgotten(self, now: datetime) -> bool:
        """Whether nobody can ask for it any more: never told of, or over for longer than messages change."""
        return self.over and (not self.told or now - self.since >= KEPT)


def falls_of(lanes: Iterable[LaneRow], now: datetime) -> dict[str, Fall]:
    """Put together what is down now, by scope. Pure."""
    waiting: defaultdict[str, list[LaneRow]] = defaultdict(list)
    found: dict[str, Fall] = {}
    for lane in lanes:
        if lane.state == LaneState.WAITING:
            waiting[lane.platform].append(lane)
        elif lane.state == LaneState.PAUSED:
            one = _paused(lane, now)
            found[one.scope] = one
    for platform, down in waiting.items():
        since = min(lane.since or now for lane in down)
        names = tuple(sorted(lane.instance for lane in down))
        found[platform] = Fall(platform, platform, LaneState.WAITING, since, names)
    return found


def _paused(lane: LaneRow, now: datetime) -> Fall:
    return Fall(
        scope=f"{lane.platform}/{lane.instance}",
        platform=lane.platform,
        state=LaneState.PAUSED,
        since=lane.since or now,
        instances=(lane.instance,),
        reason=lane.reason or "",
        gone=lane.next_probe is None,
    )


def begins(id_: str, fall: Fall, now: datetime) -> Outage:
    """Give the outage that begins with a fall."""
    first = Outage(
        id_, fall.scope, fall.platform, fall.state, fall.since, fall.since, now, now, fall.instances
    )
    return _down(first, fall)


def goes_on(
    known: Outage, fall: Fall | None, now: datetime, patience: timedelta, silent: frozenset[str] = frozenset()
) -> Outage:
    """Give an outage as it stands now by what is down; the same where nothing changed. Pure.

    IT is told once it was down for `patience` all in all, and at once where only IT can mend it. `silent`:
    the instances that do not answer: whether a token is still refused there, nobody knows.
    """
    if fall is None and known.state == LaneState.PAUSED and silent.intersection(known.instances):
        return known
    seen = _up(known, now) if fall is None else _down(known, fall)
    if seen.is_up:
        return seen
    due = seen.state == LaneState.PAUSED or seen.seconds(now) >= patience.total_seconds()
    seen = replace(seen, told=seen.told or due)
    return replace(seen, looked=now) if seen.told and now - seen.looked >= COUNTS_AGAIN else seen


def _down(known: Outage, fall: Fall) -> Outage:
    stands = replace(known, instances=fall.instances, reason=fall.reason, gone=fall.gone)
    if not known.is_up:
        return stands
    return replace(stands, state=fall.state, since=fall.since, falls=known.falls + 1)


def _up(known: Outage, now: datetime) -> Outage:
    if not known.is_up:
        return replace(known, state=LaneState.OPEN, since=now, down=known.seconds(now), reason="")
    return known if now - known.since < JOINS else replace(known, over=True)


async def outages(tx: AsyncConnection) -> list[Outage]:
    """Give every outage that is remembered, the oldest first."""
    rows = await where(tx, MetaRow, _meta.key.startswith(OUTAGES, autoescape=True))
    return sorted((_loaded(row.value) for row in rows), key=_by_start)


async def outage_by_id(tx: AsyncConnection, id_: str) -> Outage | None:
    """Give one outage, as long as it is remembered."""
    rows = await where(tx, MetaRow, _meta.key == OUTAGES + id_)
    return _loaded(rows[0].value) if rows else None


async def keep(tx: AsyncConnection, outage: Outage) -> None:
    """Store an outage as it stands."""
    if not await change(tx, MetaRow, {"value": _plain(outage)}, _meta.key == OUTAGES + outage.id):
        await add(tx, MetaRow(key=OUTAGES + outage.id, value=_plain(outage)))


async def forget(tx: AsyncConnection, outage: Outage) -> None:
    """Drop what nobody can ask for any more."""
    await tx.execute(delete(table(MetaRow)).where(_meta.key == OUTAGES + outage.id))


def _plain(outage: Outage) -> dict[str, Any]:
    return asdict(outage) | {name: getattr(outage, name).isoformat() for name in _MOMENTS}


def _loaded(value: Mapping[str, Any]) -> Outage:
    known: dict[str, Any] = {name: datetime.fromisoformat(value[name]) for name in _MOMENTS}
    known |= {"instances": tuple(value["instances"]), "state": LaneState(value["state"])}
    return Outage(**{**value, **known, "waits": Backlog(**value["waits"])})


def _by_start(outage: Outage) -> tuple[datetime, str]:
    return outage.began, outage.id
