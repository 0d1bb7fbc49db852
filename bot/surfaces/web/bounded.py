"""A form is read whole before all else, no further than any of ours is long, and holds no NUL."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.surfaces.bodies import BodyRefused, with_body
from bot.surfaces.web.csrf import SAFE
from bot.surfaces.web.faults import refused

MOST_BYTES: Final = 256 * 1024
"""Of a form; the longest is a policy that somebody tries out."""
SECONDS: Final = 20.0
"""For a whole form: people's lines are slower than platforms'."""

_NUL: Final = b"%00"
"""As forms and addresses spell it. Nobody means one, and PostgreSQL's text cannot hold it."""


class Bounded:
    """ASGI middleware: a form that is too long or too slow gets a page that says so."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        asked = Request(scope, receive)
        if "\x00" in scope["path"] or _NUL in scope["query_string"]:
            await refused(asked, 404 if "\x00" in scope["path"] else 400)(scope, receive, send)
            return
        if scope["method"] in SAFE:
            await self._inner(scope, receive, send)
            return
        try:
            body = await (await with_body(asked, MOST_BYTES, seconds=SECONDS)).body()
        except BodyRefused as error:
            await refused(asked, error.status)(scope, receive, send)
            return
        if _is_typed(asked) and _NUL in body:
            await refused(asked, 400)(scope, receive, send)
            return
        await self._inner(scope, _Replayed(body, receive), send)


def _is_typed(request: Request) -> bool:
    """Whether a body is what somebody typed into fields; a file may be in any encoding."""
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


class _Replayed:
    """Hands on a body that was read already, then what else comes in: that nobody is there any more."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
