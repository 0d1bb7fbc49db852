"""Today: the first page, and the part of it that keeps itself up to date."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from bot.acts.refusals import CannotAct
from bot.acts.tasks import done
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed
from bot.views.today import today

router = APIRouter()


@router.get("/")
async def show(v: Signed) -> Response:
    """Show what is open, and what needs the visitor."""
    return page(v, "today.html", found=await today(v.app, v.who), say=say_for(v))


@router.get("/today/now")
async def now(v: Signed) -> Response:
    """Give the part alone, as it is now."""
    if not v.is_fragment:
        return RedirectResponse("/", status_code=303)
    return page(v, "today_now.html", found=await today(v.app, v.who), say=say_for(v))


@router.post("/today/tasks/{task_id}/done")
async def task_done(v: Signed, task_id: str, note: Annotated[str, Form()] = "") -> Response:
    """Take the visitor's word that a task is done."""
    try:
        task = await done(v.app, v.who, task_id, note)
    except CannotAct as refused:
        return redirect(v, "/", refused.said(v.t, v.who.zone), kind="error")
    if task.state == "half_attested":
        return redirect(v, "/", v.t.text("Thank you. A second person must confirm it too."), kind="notice")
    return redirect(v, "/", v.t.text("Thank you: noted as done by you."))
