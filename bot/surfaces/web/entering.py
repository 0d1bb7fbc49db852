"""How somebody gets from the door to a page: a new session, and on to where they wanted to go."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.access import sessions
from bot.app import Bawab
from bot.surfaces.web import drafts, signing_in
from bot.surfaces.web.oidc import Provider

UNFINISHED: Final = "/unfinished"


async def enter(
    app: Bawab, request: Request, staff_id: str, way: str, *, id_hint: str | None = None
) -> Response:
    """Begin a session under a new secret, and send the browser on; a session it had before ends."""
    before = request.cookies.get(signing_in.cookie_name(app))
    if before:
        await sessions.end(app, before)
    secret = await sessions.begin(app, staff_id, request.cookies.get("language"), id_hint=id_hint)
    way = UNFINISHED if drafts.is_left(app, request) else inside(way)
    response = RedirectResponse(way, status_code=303)
    signing_in.give_cookie(app, response, secret)
    return response


def inside(way: str) -> str:
    r"""Give a way within the console; one that leads elsewhere (`//evil`, `/\evil`, a scheme) leads home."""
    plain = "".join(char for char in way if char.isprintable())
    try:
        parts = urlsplit(plain)
    except ValueError:  # `//[`: no address at all
        return "/"
    outside = parts.scheme or parts.netloc or not plain.startswith("/") or plain[1:2] in {"/", "\\"}
    return "/" if outside else quote(plain, safe="/?&=%:+,;@~-._!*'()")


def base_url(app: Bawab, request: Request) -> str:
    """Give the console's own address, without a slash at the end."""
    return (app.settings.console.url or f"http://{request.headers['host']}").rstrip("/")


def provider_of(request: Request) -> Provider | None:
    """Give the identity provider, where one is set."""
    found: Provider | None = request.app.state.provider
    return found
