"""A form is read whole before anything else happens, and no further than any form of ours is long."""

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


class Bounded:
    """ASGI middleware: a form that is too long or too slow gets a page that says so."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._inner(scope, receive, send)
            return
        asked = Request(scope, receive)
        try:
            body = await (await with_body(asked, MOST_BYTES, seconds=SECONDS)).body()
        except BodyRefused as error:
            await refused(asked, error.status)(scope, receive, send)
            return
        await self._inner(scope, _Replayed(body, receive), send)


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
