"""From a request's token to its caller; what does not work is refused alike, and said in the log."""

from __future__ import annotations

from starlette.requests import Request

from bot.access.tokens import find
from bot.app import Bawab
from bot.surfaces.api.caller import Caller, bearer, refused, spoken
from bot.surfaces.api.problems import Problem


async def authenticate(request: Request) -> Caller:
    """Give who calls, with the rights they have now; raises Problem (401)."""
    app: Bawab = request.app.state.bawab
    try:
        found = await find(app, bearer(request))
        if found is None:
            raise refused("this token is unknown, has ended, or its owner has no access any more")
    except Problem as problem:
        await request.app.state.refusals.note("api", problem.code)
        raise
    who, row = found
    return Caller(app, who, row.id, request.state.request_id, spoken(request, who))
