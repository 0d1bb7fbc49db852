"""The door Slack's requests come in by: one path for each workspace, nothing unsigned past it."""

from __future__ import annotations

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.surfaces.bodies import BodyRefused, with_body

TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


class Door:
    """Checks size and signature before anything is parsed, then hands the request to Bolt."""

    def __init__(self, instance: str, app: AsyncApp, signing_secret: str) -> None:
        self._instance = instance
        self._handler = AsyncSlackRequestHandler(app)
        self._verifier = SignatureVerifier(signing_secret)

    def route(self) -> Route:
        """Give the route: `POST /slack/<instance>/events`."""
        return Route(f"/slack/{self._instance}/events", self._answer, methods=["POST"])

    async def _answer(self, request: Request) -> Response:
        try:
            read = await with_body(request)
        except BodyRefused as error:
            return Response(status_code=error.status)
        if not self._signed(await read.body(), read):
            return Response(status_code=401)
        return await self._handler.handle(read)

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
