"""A paused platform connection let try again: what IT does once it has mended the token or the right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.states import STEP_BOT_AT_WORK, LaneState
from bot.store.query import change, columns, one
from bot.store.tables import CaseInstanceRow, LaneRow, StepRow
from policies.roles import Permission


async def resume(app: Bawab, who: Actor, instance: str) -> LaneRow:
    """Let a lane that waits or is paused try now; it opens once the platform answers.

    Raises NotAllowed, CannotAct.
    """
    who.must(Permission.LANE_RESUME)
    rows = columns(LaneRow)
    async with app.store.write() as tx:
        lane = await one(tx, LaneRow, rows.instance == instance)
        if lane is None:
            raise CannotAct("no_lane", what=instance)
        if instance not in app.settings.instance_names:
            raise CannotAct("lane_gone", what=instance)
        if lane.state == LaneState.OPEN:
            raise CannotAct("lane_open", what=instance)
        await _bring_forward(tx, lane, app.now())
        await change(tx, LaneRow, {"next_probe": app.now()}, rows.instance == instance)
        entry = Entry(
            action=Action.LANE_RESUME,
            actor=who.logged,
            instance=instance,
            platform=lane.platform,
            before={"state": lane.state},
            detail={"reason": lane.reason or "", "via": who.via},
        )
        await app.audit.append(tx, entry)
        lane.next_probe = app.now()
    return lane


async def _bring_forward(tx: AsyncConnection, lane: LaneRow, now: datetime) -> None:
    """What waited only for the next question is due with it: else nothing would ask before."""
    steps, rows, soon = columns(StepRow), columns(CaseInstanceRow), {"next_attempt_at": now}
    waiting = [steps.state.in_(sorted(STEP_BOT_AT_WORK)), steps.next_attempt_at == lane.next_probe]
    await change(tx, StepRow, soon, steps.instance == lane.instance, *waiting)
    unread = [rows.state == "pending", rows.next_attempt_at > now]
    await change(tx, CaseInstanceRow, soon, rows.instance == lane.instance, *unread)
