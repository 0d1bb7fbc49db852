"""The door by a link that works once: opening it does nothing, pressing the button there uses it up."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from bot.access.first_day import PATH, redeem
from bot.locale import N_
from bot.surfaces.web import csrf
from bot.surfaces.web.entering import enter
from bot.surfaces.web.render import outside

USED: Final = N_("This link was used already, or it is too old. Whoever made it for you can make another.")
_LONGEST: Final = 200

router = APIRouter()


@router.get(PATH)
@router.get(PATH + "/{code}")
async def ask(request: Request, code: str = "") -> Response:
    """Ask for the press: a messenger that looks at the link for a preview must not use it up."""
    return outside(request, "once.html", code=code[:_LONGEST], action=PATH)


@router.post(PATH)
async def use(request: Request, code: Annotated[str, Form(max_length=_LONGEST)]) -> Response:
    """Let in whoever presses first."""
    csrf.same_origin(request)
    row = await redeem(request.app.state.bawab, code)
    if row is None:
        await request.app.state.refusals.note("web", "sign_in_code")
        return outside(request, "turned_away.html", 403, why=lambda t: t.text(USED), again=True)
    return await enter(request.app.state.bawab, request, row.id, "/")
