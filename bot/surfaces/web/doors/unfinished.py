"""What was typed when the session ended: shown after sign-in, sent on or thrown away, once."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from bot.surfaces.web import drafts
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed

PATH: Final = "/unfinished"
_SAME_METHOD: Final = 307

router = APIRouter()


@router.get(PATH)
async def show(v: Signed) -> Response:
    """Show what was not sent, to whoever typed it; anybody else goes on."""
    draft = await drafts.find(v.app, v.request, v.who.id)
    if draft is None:
        return _on(v, "/")
    return page(v, "unfinished.html", draft=draft)


@router.post(PATH)
async def decide(v: Signed, verdict: Annotated[str, Form(alias="unfinished")] = "") -> Response:
    """Send it where it was going, in this session, or forget it."""
    draft = await drafts.take(v.app, v.request, v.who.id)
    if draft is None or verdict != "send":
        return _on(v, "/")
    # The browser posts the same fields again, with this session's token, to the page they were meant for.
    response = RedirectResponse(draft.path, status_code=_SAME_METHOD)
    drafts.take_cookie(v.app, response)
    return response


def _on(v: Signed, path: str) -> Response:
    response = RedirectResponse(path, status_code=303)
    drafts.take_cookie(v.app, response)
    return response
