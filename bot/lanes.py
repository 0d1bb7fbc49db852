"""A lane is one rate-limit domain: its circuit is a row that IT can read, and only these moves change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.states import CASE_RUNNING, STEP_BOT_AT_WORK, LaneState
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, LaneRow, StepRow
from connectors.errors import BadCredentials, ConnectorError, MissingScope, Unavailable
from connectors.probing import Probe, probing

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 300.0
PAUSE_PROBE_SECONDS = 300.0
FIRST_PROBE_SECONDS = 5.0
PROBE_SECONDS = 9.5
"""So often it is asked at first: after a minute work goes on within ten seconds."""
AT_FIRST_SECONDS = 75.0
PROBE_SHARE = 0.25
LONGEST_PROBE_SECONDS = 900.0


def backoff(attempts: int, *, first: float = FIRST_WAIT_SECONDS, most: float = LONGEST_WAIT_SECONDS) -> float:
    """Seconds to wait after so many failures in a row: doubling, bounded."""
    return float(min(most, first * 2 ** max(0, min(attempts, 20) - 1)))


def probe_wait(down: float) -> float:
    """Seconds until a platform that has been down for `down` seconds is asked again.

    A fixed pace at first, then a quarter of the outage so far: a minute costs six requests, six hours about
    fifty, and what is added to an outage is a quarter of it at most, never more than 15 minutes.
    """
    if down < AT_FIRST_SECONDS:
        return PROBE_SECONDS if down >= FIRST_PROBE_SECONDS else FIRST_PROBE_SECONDS
    return min(LONGEST_PROBE_SECONDS, max(PROBE_SECONDS, PROBE_SHARE * down))


async def ensure_lane(tx: AsyncConnection, instance: str, platform: str) -> LaneRow:
    """Give the lane's row, made on first use."""
    lane = await one(tx, LaneRow, columns(LaneRow).instance == instance)
    if lane is None:
        lane = LaneRow(instance=instance, platform=platform, state=LaneState.OPEN)
        await add(tx, lane)
    return lane


async def lane_of(app: Bawab, instance: str, platform: str) -> LaneRow:
    """Give the lane's row; a write transaction only where it must be made first."""
    async with app.store.read() as tx:
        lane = await one(tx, LaneRow, columns(LaneRow).instance == instance)
    if lane is not None:
        return lane
    async with app.store.write() as tx:
        return await ensure_lane(tx, instance, platform)


async def stumbled(app: Bawab, instance: str, platform: str, error: ConnectorError) -> LaneRow:
    """Nothing was sent: let the lane wait for the platform, or pause it for an operator; logged once."""
    paused = isinstance(error, BadCredentials | MissingScope)
    async with app.store.write() as tx:
        lane = await ensure_lane(tx, instance, platform)
        before = lane.state
        if before == (LaneState.PAUSED if paused else LaneState.WAITING) and not may_work(lane, app.now()):
            return lane  # the clock and the lane met the same failure: it counts once
        lane.failures += 1
        lane.state = LaneState.PAUSED if paused else LaneState.WAITING
        lane.reason = str(error)
        lane.probes = lane.probes + 1 if before == lane.state else 0
        lane.since = lane.since if before == lane.state else app.now()
        lane.next_probe = app.now() + timedelta(seconds=_wait(lane, error, app.now()))
        await change(tx, LaneRow, _circuit(lane), columns(LaneRow).instance == instance)
        if before != lane.state:
            action = Action.LANE_PAUSE if paused else Action.LANE_WAIT
            await app.audit.append(tx, _entry(lane, action, outcome=lane.state, reason=lane.reason))
    return lane


def _wait(lane: LaneRow, error: ConnectorError, now: datetime) -> float:
    if lane.state == LaneState.PAUSED:
        return PAUSE_PROBE_SECONDS
    stated = error.retry_after if isinstance(error, Unavailable) else None
    down = (now - lane.since).total_seconds() if lane.since else 0.0
    return max(stated or 0.0, probe_wait(max(0.0, down)))


async def answered(app: Bawab, instance: str, platform: str) -> None:
    """The platform answers: the lane is open again, logged if it was not."""
    async with app.store.write() as tx:
        lane = await ensure_lane(tx, instance, platform)
        if lane.state == LaneState.OPEN and not lane.failures:
            return
        was = lane.state
        lane.state, lane.failures, lane.reason = LaneState.OPEN, 0, None
        since, lane.since, lane.next_probe = lane.since, None, None
        probes, lane.probes = lane.probes, 0
        await change(tx, LaneRow, _circuit(lane), columns(LaneRow).instance == instance)
        if was != LaneState.OPEN:
            down = (app.now() - since).total_seconds() if since else 0.0
            await app.audit.append(
                tx, _entry(lane, Action.LANE_OPEN, outcome="ok", seconds=round(down, 1), probes=probes)
            )


async def closed_lanes(tx: AsyncConnection, now: datetime) -> frozenset[str]:
    """Give the instances whose circuit lets nothing out now."""
    return frozenset(lane.instance for lane in await where(tx, LaneRow) if not may_work(lane, now))


async def pause_unconfigured(app: Bawab) -> list[str]:
    """Say of each instance that is gone from the settings, and still has work, that its work waits."""
    async with app.store.write() as tx:
        left = sorted(await _with_work(tx) - set(app.chat))
        for name in left:
            lane = await ensure_lane(tx, name, "unknown")
            if lane.state == LaneState.PAUSED and lane.next_probe is None:
                continue
            lane.state, lane.since, lane.next_probe = LaneState.PAUSED, app.now(), None
            lane.reason = (
                f"{name} is not configured any more: put it back into the settings, or cancel its cases"
            )
            await change(tx, LaneRow, _circuit(lane), columns(LaneRow).instance == name)
            entry = _entry(lane, Action.LANE_PAUSE, outcome=lane.state, reason=lane.reason)
            await app.audit.append(tx, entry)
    return left


async def _with_work(tx: AsyncConnection) -> set[str]:
    steps, rows, cases = columns(StepRow), columns(CaseInstanceRow), columns(CaseRow)
    acting = select(steps.instance).where(steps.state.in_(STEP_BOT_AT_WORK)).distinct()
    planning = select(rows.instance).join(table(CaseRow), cases.id == rows.case_id).distinct()
    planning = planning.where(rows.state == "pending", cases.state.in_(CASE_RUNNING))
    return {name for query in (acting, planning) for name in (await tx.execute(query)).scalars()}


@contextmanager
def careful(lane: LaneRow) -> Iterator[Probe]:
    """Ask a platform that did not answer by one request at first; one that is well as usual.

    Gives what tells whether it answered: what needed no request says nothing of the platform.
    """
    if lane.state == LaneState.OPEN:
        yield Probe(answered=True)
        return
    with probing() as probe:
        yield probe


async def looked(app: Bawab, lane: LaneRow, probe: Probe) -> None:
    """Keep what a careful look at a lane that was not open has shown; one that asked nothing shows nothing.

    What could not be read may be said and not raised: it is still down all the same.
    """
    if lane.state == LaneState.OPEN:
        return
    if probe.answered:
        await answered(app, lane.instance, lane.platform)
    elif probe.failed:
        await stumbled(app, lane.instance, lane.platform, Unavailable(probe.failed))


def may_work(lane: LaneRow, now: datetime) -> bool:
    """Whether the lane's circuit lets a request out now: open, or due for its one probe."""
    return lane.state == LaneState.OPEN or lane.next_probe is None or lane.next_probe <= now


def _circuit(lane: LaneRow) -> dict[str, object]:
    names = ("state", "reason", "since", "next_probe", "failures", "probes")
    return {name: getattr(lane, name) for name in names}


def _entry(lane: LaneRow, action: Action, *, outcome: str, **detail: object) -> Entry:
    return Entry(
        action=action,
        actor="bawab",
        outcome=outcome,
        instance=lane.instance,
        platform=lane.platform,
        detail=detail,
    )
