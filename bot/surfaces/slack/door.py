"""The door Slack's requests come in by: one path for each workspace, nothing unsigned or repeated past it."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.surfaces.bodies import BodyRefused, with_body
from bot.surfaces.slack.surface import Surface

TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
SIGNED_FOR_SECONDS = 600.0
"""A signature counts from five minutes before its instant to five minutes after it."""


class Door:
    """Checks size, signature and that it was not here before; then hands the request to Bolt."""

    def __init__(self, instance: str, surface: Surface, signing_secret: str) -> None:
        self._instance = instance
        self._surface = surface
        self._handler = AsyncSlackRequestHandler(surface.bolt(signing_secret))
        self._verifier = SignatureVerifier(signing_secret)
        self._taken: OrderedDict[str, float] = OrderedDict()

    def route(self) -> Route:
        """Give the route: `POST /slack/<instance>/events`, for events, commands and everything pressed."""
        return Route(f"/slack/{self._instance}/events", self._answer, methods=["POST"])

    async def aclose(self) -> None:
        """Wait for what goes on after its answer."""
        await self._surface.later.drain()

    async def _answer(self, request: Request) -> Response:
        try:
            read = await with_body(request)
        except BodyRefused as error:
            return Response(status_code=error.status)
        if not self._signed(await read.body(), read):
            await self._surface.turned_away.note("forged")
            return Response(status_code=401)
        signature = read.headers[SIGNATURE]
        if not self._first(signature):
            await self._surface.turned_away.note("replayed")
            return Response(status_code=401)
        try:
            response = await self._handler.handle(read)
        except Exception:  # noqa: BLE001 - what Bolt cannot even take apart; a listener's failure is its own answer
            return Response(status_code=400)
        if response.status_code >= 500:
            # Not taken: Slack may send the very same again.
            self._taken.pop(signature, None)
        return response

    def _signed(self, body: bytes, request: Request) -> bool:
        """Whether Slack signed it, within five minutes of now.

        Bolt checks too, but slack_sdk raises on a timestamp that is no number, on bytes that are no
        UTF-8 and on a signature beyond ASCII; each of them is a forgery like any other.
        """
        headers = request.headers
        try:
            return self._verifier.is_valid(body, headers.get(TIMESTAMP), headers.get(SIGNATURE))
        except (ValueError, TypeError):
            return False

    def _first(self, signature: str) -> bool:
        """Remember a signature for as long as it counts; False where it came before.

        Slack signs what it sends again anew. Only signed requests get here, so nobody else can fill this.
        """
        now = monotonic()
        while self._taken and next(iter(self._taken.values())) < now - SIGNED_FOR_SECONDS:
            self._taken.popitem(last=False)
        if signature in self._taken:
            return False
        self._taken[signature] = now
        return True
