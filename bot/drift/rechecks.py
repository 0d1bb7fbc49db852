"""The later looks, after an hour, a day and a week: whoever came back is drift, and is said."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.drift.at_once import let_go
from bot.drift.compare import WAS_OUT, Drawn, drawn_today, undone
from bot.drift.end import gone
from bot.drift.looks import HINTED
from bot.drift.record import FoundBy, Sighting, record, unsettled
from bot.drift.rule import follow_rule
from bot.lanes import backoff, careful, closed_lanes, lane_of, looked, may_work, stumbled
from bot.states import StepState
from bot.steps import look, record_entry
from bot.store.query import change, columns, where
from bot.store.tables import RecheckRow, StepRow
from connectors.contract import ChatConnector, Quality, Sight
from connectors.errors import ConnectorError, NotSupported

A_PASS = 200
MOST_TRIES = 10


async def recheck_due(app: Bawab) -> int:
    """Look again at every removal whose time has come; gives the number of looks that saw something."""
    return await _recheck(app)


async def recheck_hinted(app: Bawab) -> int:
    """Look only at those somebody outside has just told of; gives the number of looks."""
    return await _recheck(app, hinted=True)


async def _recheck(app: Bawab, *, hinted: bool = False) -> int:
    todo = sorted(await app.store.look(partial(_due, app, hinted=hinted)), key=_together)
    seen = 0
    for key, same in groupby(todo, key=_together):
        seen += await _look_again(app, key[1], list(same), hinted=hinted)
    return seen


async def _due(app: Bawab, tx: AsyncConnection, *, hinted: bool) -> list[StepRow]:
    """Give the removals whose time has come, of lanes that are open."""
    rows, steps, now = columns(RecheckRow), columns(StepRow), app.now()
    closed = await closed_lanes(tx, now)
    able = [name for name in app.chat if name not in closed]
    waiting = [rows.done_at.is_(None), rows.due <= now, rows.instance.in_(able)]
    due = select(rows.step_id).where(*waiting, *([rows.kind == HINTED] if hinted else []))
    ids = (await tx.execute(due.order_by(rows.due).limit(A_PASS))).scalars().all()
    return await where(tx, StepRow, steps.id.in_(ids))


def _together(step: StepRow) -> tuple[int, str, str, str]:
    """The most urgent first; what one listing answers for stands together."""
    return step.priority, step.instance, step.account_id, step.action


async def _look_again(app: Bawab, instance: str, steps: list[StepRow], *, hinted: bool) -> int:
    connector = app.chat.get(instance)
    if connector is None:
        return 0
    platform = connector.capabilities.platform
    lane = await lane_of(app, instance, platform)
    if not may_work(lane, app.now()):
        return 0
    try:
        with careful(lane) as probe:
            drawn = await drawn_today(app, steps[0]) if hinted and steps[0].group_id else None
            sights = await _sights(connector, steps, drawn)
    except NotSupported:
        await _not_to_be_read(app, steps)  # the token that could is gone; the lane's other work goes on
        return 0
    except ConnectorError as error:
        await stumbled(app, instance, platform, error)
        return 0
    await looked(app, lane, probe)
    back = {
        step.id: await undone(app, step, drawn)
        for step, sight in zip(steps, sights, strict=True)
        if sight is Sight.PRESENT and step.state in WAS_OUT
    }

    async def note(tx: AsyncConnection) -> None:
        for step, sight in zip(steps, sights, strict=True):
            await _note(app, tx, step, sight, back.get(step.id))

    await app.store.at_once(note)
    return len(steps)


async def _sights(connector: ChatConnector, steps: list[StepRow], drawn: Drawn | None) -> list[Sight]:
    """Say of each whether the person is in: by the plan just drawn where it shows them, else by reading back.

    A plan shows only what was read; what it does not show is no proof of absence.
    """
    shown = {step.id for step in steps if drawn is not None and drawn.shows(step)}
    rest = [step for step in steps if step.id not in shown]
    read = iter(await look(connector, rest) if rest else ())
    return [Sight.PRESENT if step.id in shown else next(read).sight for step in steps]


async def _not_to_be_read(app: Bawab, steps: list[StepRow]) -> None:
    """What nobody can read any more is not looked at again and again: the look is over, and is said."""
    rows, now = columns(RecheckRow), app.now()
    async with app.store.write() as tx:
        for step in steps:
            due = [rows.step_id == step.id, rows.done_at.is_(None), rows.due <= now]
            if await change(tx, RecheckRow, {"done_at": now, "sight": Sight.UNREADABLE}, *due):
                entry = record_entry(step, Action.STEP_RECHECK, said=Sight.UNREADABLE)
                await app.audit.append(tx, entry)


async def _note(app: Bawab, tx: AsyncConnection, step: StepRow, sight: Sight, back: Sighting | None) -> None:
    looks = await _tick_off(app, tx, step, sight)
    if not looks:
        return  # another pass has noted what it saw, later perhaps than this one
    if step.state == StepState.ATTESTED and sight is Sight.ABSENT:
        await _borne_out(app, tx, step)
    elif sight is Sight.PRESENT and back is not None:
        found_by = FoundBy.EVENT if HINTED in looks else FoundBy.RECHECK
        row = await record(app, tx, back, found_by=found_by)
        taken_out = await follow_rule(app, tx, [row] if row else [])
        if HINTED in looks:
            await let_go(app, tx, taken_out)
    elif sight is Sight.ABSENT and step.state in (StepState.STILL_PRESENT, StepState.WAIVED):
        await _left_again(app, tx, step)
    elif sight is not Sight.PRESENT or step.state in WAS_OUT:
        await app.audit.append(tx, record_entry(step, Action.STEP_RECHECK, said=sight))


async def _tick_off(app: Bawab, tx: AsyncConnection, step: StepRow, sight: Sight) -> frozenset[str]:
    """Mark the due looks as done, or put them off where nothing could be seen; gives their kinds."""
    rows, now = columns(RecheckRow), app.now()
    due = await where(tx, RecheckRow, rows.step_id == step.id, rows.done_at.is_(None), rows.due <= now)
    for row in due:
        blind = sight is Sight.UNREADABLE and row.attempts + 1 < MOST_TRIES
        later = now + timedelta(seconds=backoff(row.attempts + 1, first=60.0, most=3600.0))
        values: dict[str, object] = {"attempts": row.attempts + 1, "sight": sight}
        values |= {"due": later} if blind else {"done_at": now}
        await change(tx, RecheckRow, values, rows.step_id == row.step_id, rows.kind == row.kind)
    return frozenset(row.kind for row in due)


async def _left_again(app: Bawab, tx: AsyncConnection, step: StepRow) -> None:
    row = await unsettled(tx, step.instance, step.account_id, step.group_id or step.action)
    if row is None or row.step_id != step.id or not await gone(app, tx, row):
        await app.audit.append(tx, record_entry(step, Action.STEP_RECHECK, said=Sight.ABSENT))


async def _borne_out(app: Bawab, tx: AsyncConnection, step: StepRow) -> None:
    """What a person attested was seen: the stronger evidence takes the weaker one's place."""
    step.state, step.quality, now = StepState.VERIFIED_ABSENT, Quality.OBSERVED, app.now()
    values = {"state": step.state, "quality": step.quality, "verified_at": now, "updated_at": now}
    await change(tx, StepRow, values, columns(StepRow).id == step.id)
    await app.audit.append(tx, record_entry(step, Action.STEP_READ_BACK, said=Sight.ABSENT))
