"""Reviews: the runs that wait for somebody from IT, and every run; one is signed off with a note."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.acts.refusals import CannotAct
from bot.acts.reviews import sign_off
from bot.surfaces.web.pages.run_words import RunWords
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed
from bot.views.reviews import runs

router = APIRouter()


@router.get("/reviews")
async def show(v: Signed, every: str = "", after: str | None = None) -> Response:
    """Show the runs that wait, the longest first; or every run, the newest first."""
    found = await runs(v.app, v.who, every=bool(every), after=after)
    return page(v, "reviews.html", found=found, every=bool(every), after=after, say=RunWords(v))


@router.post("/reviews/{run_id}")
async def sign(v: Signed, run_id: str, note: Annotated[str, Form()] = "") -> Response:
    """Sign a run off; what was typed is kept where that is refused."""
    try:
        await sign_off(v.app, v.who, run_id, note)
    except CannotAct as refused:
        return redirect(v, f"/runs/{run_id}", refused.said(v.t, v.who.zone), kind="error")
    return redirect(v, "/reviews", v.t.text("Signed off. Your name and your note are in the log."))
