"""Staff: who may sign in with which roles, and ended; and one's own API tokens, each shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.acts import staff as acts
from bot.acts.refusals import CannotAct
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.staff import own_tokens, staff
from policies.roles import Permission

router = APIRouter()
PATH: Final = "/staff"
TOKENS: Final = "/tokens"
DAYS: Final = (7, 30, 90, 366)


@router.get(PATH)
async def show(v: Signed) -> Response:
    """Show who may sign in."""
    return page(v, "staff.html", w=words(v), found=await staff(v.app, v.who))


@router.post(f"{PATH}/{{staff_id}}/sign-out")
async def sign_out(v: Signed, staff_id: str) -> Response:
    """End every session and token of somebody; their roles stay."""
    try:
        ended = await acts.sign_out_everywhere(v.app, v.who, staff_id)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    said = v.t.plural("{n} session or token ended.", "{n} sessions and tokens ended.", ended)
    return redirect(v, PATH, said)


@router.post(f"{PATH}/{{staff_id}}/untie")
async def untie(v: Signed, staff_id: str, reason: Annotated[str, Form()] = "") -> Response:
    """Forget with which account at the provider somebody signs in."""
    try:
        await acts.untie(v.app, v.who, staff_id, reason)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Forgotten. The next sign-in with their e-mail address ties it anew."))


@router.get(TOKENS)
async def show_tokens(v: Signed) -> Response:
    """Show one's own tokens."""
    return await _tokens(v)


async def _tokens(v: Visitor, status: int = 200, **more: Any) -> Response:
    shown = {"made": "", "error": "", "title": "", **more}
    found = await own_tokens(v.app, v.who)
    days = [(str(n), v.t.plural("{n} day", "{n} days", n)) for n in DAYS]
    return page(v, "tokens.html", status, w=words(v), found=found, days=days, **shown)


@router.post(TOKENS)
async def make(
    v: Signed,
    title: Annotated[str, Form()] = "",
    days: Annotated[int, Form()] = 30,
    scope: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a token, and show it this once: on this answer, which no browser keeps, and nowhere else."""
    lasts = timedelta(days=days if days in DAYS else 0)
    try:
        made = await acts.new_token(v.app, v.who, title=title, scopes=scope or [], lasts=lasts)
    except CannotAct as error:
        return await _tokens(v, 409, error=error.said(v.t, v.who.zone), title=title)
    return await _tokens(v, made=made.text)


@router.post(f"{TOKENS}/{{token_id}}/end")
async def end(v: Signed, token_id: str) -> Response:
    """End a token at once."""
    if not v.who.may(Permission.STAFF_WRITE):
        v.who.must(Permission.TOKEN_OWN)
    try:
        await acts.end_token(v.app, v.who, token_id)
    except CannotAct as error:
        return redirect(v, TOKENS, error.said(v.t, v.who.zone), "error")
    return redirect(v, TOKENS, v.t.text("The token has ended."))
