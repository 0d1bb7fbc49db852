"""What somebody would lose, before anything happens; nothing is opened or written."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter

from bot.acts.refusals import CannotAct
from bot.surfaces.api.caller import Called, Caller
from bot.surfaces.api.moments import meant
from bot.surfaces.api.problems import Code, Problem
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import Wish as Asked
from bot.surfaces.api.shapes.losses import Preview, spelled
from bot.views import offboarding
from bot.views.losses import Losses
from bot.views.offboarding import Wish, WrongWhen
from policies.instants import zone_of

router = APIRouter(route_class=Route, tags=["cases"])


@router.post("/preview", openapi_extra={PERMISSION: ["case.open"]})
async def preview(caller: Called, asked: Asked) -> Preview:
    """Say who would lose what, and when, by the policy and the platforms as they are now."""
    wish = await wished(caller, asked)
    losses = await offered(caller, asked)
    when = await offboarding.when(caller.app, caller.who, asked.person_id, wish) if wish else None
    if isinstance(when, WrongWhen):
        raise _wrong(when)
    return spelled(losses, when)


async def offered(caller: Caller, asked: Asked, *, counted: int | None = None) -> Losses:
    """Read every platform for a wish; raises Problem, and CannotAct where the count is another by now."""
    wish = await wished(caller, asked)
    found = await offboarding.offer(caller.app, caller.who, asked.person_id, wish)
    if isinstance(found, WrongWhen):
        raise _wrong(found)
    if counted is not None and counted != found.count:
        raise CannotAct("count_differs", typed=counted, counted=found.count)
    return found


async def wished(caller: Caller, asked: Asked) -> Wish | None:
    """Spell a wish as the view takes it; None: at once."""
    moment = meant(asked.last_day)
    if moment is None:
        return None
    zone = asked.zone or await _zone(caller, asked.person_id)
    if not isinstance(moment, datetime):
        return Wish(moment.isoformat(), "", zone, asked.exit_type)
    try:
        local = moment.astimezone(ZoneInfo(zone_of(zone).key if zone else "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotAct("no_zone", what=zone) from None
    clock = local.time().replace(tzinfo=None).isoformat()
    return Wish(local.date().isoformat(), clock, zone or "UTC", asked.exit_type)


async def _zone(caller: Caller, person_id: str) -> str:
    return (await offboarding.candidate(caller.app, caller.who, person_id)).zone


def _wrong(found: WrongWhen) -> Problem:
    hint = f"; {found.suggestion} is one" if found.suggestion else ""
    told = f"{found.field} cannot be taken so: {found.why}{hint}"
    return Problem(Code.CANNOT, told, reason=found.why)
