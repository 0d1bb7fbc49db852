"""The list of everything that guards hold, for HR and IT alike."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed
from bot.views.held import held

router = APIRouter()


@router.get("/holds")
async def show(v: Signed) -> Response:
    """List what waits, oldest first."""
    return page(v, "holds.html", w=words(v), found=await held(v.app, v.who))
