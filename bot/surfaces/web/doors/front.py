"""The front door: the sign-in page, the way out, and the language."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from bot.access import sessions
from bot.app import Bawab
from bot.locale import LANGUAGES
from bot.surfaces.web import csrf, signing_in
from bot.surfaces.web.entering import base_url, inside, provider_of
from bot.surfaces.web.language import remember, speak
from bot.surfaces.web.render import outside
from bot.surfaces.web.visitor import Signed

COMMAND: Final = "bawab staff link ID"

router = APIRouter()


@router.get("/sign-in")
async def sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Show how one signs in here; whoever is signed in already goes where they wanted."""
    app: Bawab = request.app.state.bawab
    way = inside(next)
    if await signing_in.signed(app, request) is not None:
        return RedirectResponse(way, status_code=303)
    return outside(request, "sign_in.html", provider=app.settings.oidc is not None, next=way, command=COMMAND)


@router.post("/sign-out")
async def sign_out(v: Signed) -> Response:
    """End the session here, then at the identity provider where there is one."""
    session = v.session
    secret = v.request.cookies[signing_in.cookie_name(v.app)]
    await sessions.end(v.app, secret)
    provider = provider_of(v.request)
    back = f"{base_url(v.app, v.request)}/signed-out"
    onward = await provider.leave(session.id_hint, back) if provider and session.id_hint else None
    response = RedirectResponse(onward or "/signed-out", status_code=303)
    signing_in.take_cookie(v.app, response)
    return response


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """Say that the session has ended."""
    return outside(request, "signed_out.html")


@router.post("/language")
async def choose_language(
    request: Request,
    language: Annotated[str, Form()],
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Speak another language: in this session, or on the pages before it."""
    app: Bawab = request.app.state.bawab
    chosen = language if language in LANGUAGES else app.settings.language
    signed = await signing_in.signed(app, request)
    if signed is None:
        csrf.same_origin(request)
    else:
        await csrf.check(request, signed.session.csrf)
        await speak(app, signed.session, chosen)
    response = RedirectResponse(inside(back), status_code=303)
    remember(app, response, chosen)
    return response
