"""One's own page: how Bawab meets this person, and where they are signed in."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from bot.access import sessions
from bot.acts.preferences import prefer
from bot.acts.refusals import CannotAct
from bot.locale import N_, translator
from bot.surfaces.web import language as languages
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.signing_in import take_cookie
from bot.surfaces.web.visitor import Signed
from bot.views.account import account

CHANNELS = {
    "slack": N_("Slack"),
    "telegram": N_("Telegram"),
    "teams": N_("Microsoft Teams"),
    "email": N_("E-mail"),
    "webhook": N_("Webhook"),
}

router = APIRouter()


@router.get("/account")
async def show(v: Signed) -> Response:
    """Show who is signed in, and how they are met."""
    return await _form(v)


@router.post("/account")
async def save(
    v: Signed,
    language: Annotated[str, Form()],
    zone: Annotated[str, Form()],
    hijri: Annotated[str, Form()] = "",
    channel: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Keep what they chose; from here on this session speaks the chosen language, too."""
    order = [name for name in channel or [] if name]
    try:
        await prefer(v.app, v.who, language=language, zone=zone, hijri=hijri == "yes", channels=order or None)
    except CannotAct as refusal:
        field = {"no_language": "language", "no_zone": "zone"}.get(refusal.code, "channel")
        return await _form(v, {field: refusal.said(v.t)}, zone=zone, status=422)
    await languages.speak(v.app, v.session, None)
    return redirect(v, "/account", translator(language).text(N_("Your choices are kept.")))


@router.post("/account/sign-out-everywhere")
async def sign_out_everywhere(v: Signed) -> Response:
    """End every session of theirs, this one too."""
    await sessions.end_everywhere(v.app, v.who)
    response = RedirectResponse("/signed-out", status_code=303)
    take_cookie(v.app, response)
    return response


async def _form(
    v: Signed, errors: dict[str, str] | None = None, *, zone: str | None = None, status: int = 200
) -> Response:
    mine = await account(v.app, v.who, v.session.token_hash)
    return page(
        v,
        "account.html",
        status,
        account=mine,
        errors=errors or {},
        chosen_zone=mine.manner.zone if zone is None else zone,
        zones=_zones(),
        channel_names={
            name: v.t.text(CHANNELS[name]) if name in CHANNELS else name for name in mine.channels
        },
    )


@cache
def _zones() -> tuple[str, ...]:
    """Give the zones that are named by a place."""
    return tuple(
        sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    )
