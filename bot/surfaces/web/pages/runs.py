"""One run: what went wrong first, with what to do; then its cases and how their steps ended."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.surfaces.web.pages.audit import address_of
from bot.surfaces.web.pages.run_words import RunWords
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed
from bot.views.reviews import NoSuchRun
from bot.views.run import the_run

router = APIRouter()


@router.get("/runs/{run_id}")
async def show(v: Signed, run_id: str) -> Response:
    """Show a run; 404 where there is none for them."""
    try:
        run = await the_run(v.app, v.who, run_id)
    except NoSuchRun:
        raise HTTPException(404) from None
    return page(v, "run.html", run=run, say=say_for(v), runs=RunWords(v), address=address_of)
