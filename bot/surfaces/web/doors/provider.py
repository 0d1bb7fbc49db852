"""The door by the identity provider: there, and back with an answer that is believed when all of it fits."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.access.staff import TurnedAway, arrived
from bot.app import Bawab
from bot.locale import N_
from bot.surfaces.web import signing_in
from bot.surfaces.web.entering import base_url, enter, inside, provider_of
from bot.surfaces.web.oidc import Arrival, Provider, ProviderDown, SignInRefused, Start
from bot.surfaces.web.render import outside

BACK: Final = "/sign-in/done"
"""Registered at the provider, after the console's address, to the letter."""
_SECONDS: Final = 900
_WHY: Final = {
    "state": N_("This sign-in was not begun in this browser, or it was begun too long ago."),
    "code": N_("This sign-in was used already, or it is too old."),
    "denied": N_("The identity provider did not let you in, or you stopped there."),
}
_OTHERWISE: Final = N_(
    "The identity provider's answer could not be believed. IT finds the reason in the log."
)

router = APIRouter()
logger = structlog.get_logger(__name__)


@router.get("/sign-in/start")
async def start(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Send the browser to the provider, and have it remember what only it may know."""
    app, provider = _known(request)
    try:
        address, begun = await provider.begin(base_url(app, request) + BACK)
    except ProviderDown as problem:
        return _down(request, provider, problem)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        _cookie(app, begun.state),
        _spelled(begun, inside(next)),
        max_age=_SECONDS,
        path="/",
        secure=signing_in.is_secure(app),
        httponly=True,
        samesite="lax",  # the way back comes from the provider's site
    )
    return response


@router.get(BACK)
async def done(request: Request) -> Response:
    """Let in whoever the provider vouches for, once; anything else is refused, and logged."""
    app, provider = _known(request)
    answer = dict(parse_qsl(request.url.query))
    name = _cookie(app, answer.get("state", ""))
    try:
        begun, way = _remembered(request.cookies.get(name, ""))
        found = await provider.finish(begun, answer, base_url(app, request) + BACK)
        response = await _let_in(app, request, found, way)
    except ProviderDown as problem:
        response = _down(request, provider, problem)
    except SignInRefused as refused:
        await request.app.state.refusals.note("web", f"sign_in_{refused.why}")
        response = _refused(request, refused.why)
    response.delete_cookie(name, path="/", secure=signing_in.is_secure(app), httponly=True, samesite="lax")
    return response


async def _let_in(app: Bawab, request: Request, found: Arrival, way: str) -> Response:
    row = await arrived(app, str(found.claims["iss"]), str(found.claims["sub"]), found.claims)
    if isinstance(row, TurnedAway):
        return outside(request, "turned_away.html", 403, why=row.said, again=False)
    return await enter(app, request, row.id, way, id_hint=found.id_token)


def _refused(request: Request, why: str) -> Response:
    words = _WHY.get(why, _OTHERWISE)
    return outside(request, "turned_away.html", 400, why=lambda t: t.text(words), again=True)


def _down(request: Request, provider: Provider, problem: ProviderDown) -> Response:
    logger.error("identity_provider_down", issuer=provider.issuer, problem=str(problem))
    return outside(request, "provider_down.html", 503, issuer=provider.issuer)


def _known(request: Request) -> tuple[Bawab, Provider]:
    provider = provider_of(request)
    if provider is None:
        raise HTTPException(404)
    return request.app.state.bawab, provider


def _cookie(app: Bawab, state: str) -> str:
    """Name the cookie of one attempt, so that two windows do not forget each other's."""
    safe = "".join(char for char in state[:12] if char.isascii() and char.isalnum())
    return f"{signing_in.cookie_name(app)}-start-{safe}"


def _spelled(begun: Start, way: str) -> str:
    return base64.urlsafe_b64encode(
        json.dumps([begun.state, begun.nonce, begun.verifier, way]).encode()
    ).decode()


def _remembered(cookie: str) -> tuple[Start, str]:
    """Read what this browser remembers of its attempt; raises SignInRefused where it began none."""
    try:
        state, nonce, verifier, way = json.loads(base64.urlsafe_b64decode(cookie))
        return Start(str(state), str(nonce), str(verifier)), str(way)
    except (ValueError, TypeError, binascii.Error):
        raise SignInRefused("state") from None
