"""Pictures of the last weeks, each with its numbers in a table behind it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.surfaces.web.figure_pictures import pictures
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed
from bot.views.figures import figures

router = APIRouter()


@router.get("/figures")
async def show(v: Signed) -> Response:
    """Show how long removals took, how many there were, what is open, and what is proven."""
    found = await figures(v.app, v.who)
    return page(v, "figures.html", found=found, pictures=pictures(found, v.t))
