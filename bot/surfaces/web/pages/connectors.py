"""Connectors: each platform's lane, permissions, gaps and limits; a check on demand; a lane tried again."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from bot.acts.lanes import resume
from bot.acts.refusals import CannotAct
from bot.surfaces.web.errands import Report, TooMany, begin, errand
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed
from bot.views.connectors import NoSuchInstance, check_now, connector_page, connectors
from bot.views.platforms import title_of
from policies.roles import Permission

router = APIRouter()
PATH: Final = "/connectors"
CHECK: Final = "check"


@router.get(PATH)
async def show(v: Signed) -> Response:
    """Show every platform, those that need somebody first."""
    found = await connectors(v.app, v.who)
    return page(v, "connectors.html", w=words(v), found=found, at=v.app.now(), errand=errand(v, CHECK))


@router.post(f"{PATH}/check")
async def check(v: Signed) -> Response:
    """Check everything now, as `bawab check` does; reads only."""
    v.who.must(Permission.CONNECTOR_READ)

    async def doing(_: Report) -> object:
        return await check_now(v.app, v.who)

    try:
        begun = await begin(v, CHECK, doing)
    except TooMany:
        return redirect(v, PATH, v.t.text("Too much is being read already. Try again in a minute."), "error")
    return redirect(v, PATH, v.t.text("Checked.") if begun.over and not begun.fault else None)


@router.get(f"{PATH}/check")
async def checking(v: Signed) -> Response:
    """Show how far the check is, as a part of the page."""
    v.who.must(Permission.CONNECTOR_READ)
    return page(v, "errand.html", errand=errand(v, CHECK), address=f"{PATH}/check", back=PATH, w=words(v))


@router.get(f"{PATH}/{{instance}}")
async def one(v: Signed, instance: str) -> Response:
    """Show one platform."""
    try:
        found = await connector_page(v.app, v.who, instance)
    except NoSuchInstance:
        raise HTTPException(404) from None
    w = words(v)
    order = found.capabilities.lockout_order if found.capabilities else ()
    action_words = [w.action(each) for each in order]
    return page(v, "connector.html", w=w, found=found, at=v.app.now(), action_words=action_words)


@router.post(f"{PATH}/{{instance}}/resume")
async def try_again(v: Signed, instance: str) -> Response:
    """Let a lane that waits or is paused try now."""
    try:
        await resume(v.app, v.who, instance)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    said = v.t.text(
        "{instance} is tried again now; it opens once the platform answers.",
        instance=v.t.isolate(title_of(v.app, instance)),
    )
    return redirect(v, f"{PATH}/{instance}", said)
