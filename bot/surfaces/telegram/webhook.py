"""The door Telegram brings updates to, where it is told to: nothing without the secret passes."""

from __future__ import annotations

import hmac
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update

from bot.app import Bawab
from bot.surfaces.bodies import BodyRefused, with_body
from bot.surfaces.telegram.meanings import ALLOWED_UPDATES
from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.reading import read_update
from bot.surfaces.telegram.updates import Updates
from connectors.storable import storable

SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
ONE_AT_A_TIME = 1
"""Connections Telegram may open: updates then come in their order."""


class Webhook:
    """One bot's webhook: `POST /telegram/<instance>`."""

    def __init__(self, app: Bawab, connector: SpeaksTelegram, *, url: str, secret: str) -> None:
        self._connector = connector
        self._updates = Updates(app, connector)
        self._secret = secret
        self._url = f"{url.rstrip('/')}{self.path}"

    @property
    def instance(self) -> str:
        """The configured name of the bot."""
        return self._connector.instance

    @property
    def path(self) -> str:
        """Where Telegram's updates come in."""
        return f"/telegram/{self._connector.instance}"

    def route(self) -> Route:
        """Give the route."""
        return Route(self.path, self._answer, methods=["POST"])

    async def register(self) -> None:
        """Tell Telegram where to bring the updates, which, and the secret to bring them with.

        Raises what the bot raises.
        """
        await self._connector.bot.set_webhook(
            self._url,
            allowed_updates=list(ALLOWED_UPDATES),
            secret_token=self._secret,
            max_connections=ONE_AT_A_TIME,
        )

    async def _answer(self, request: Request) -> Response:
        if not self._knows_the_secret(request):
            return Response(status_code=401)
        try:
            body = await (await with_body(request)).body()
        except BodyRefused as error:
            return Response(status_code=error.status)
        update = _read(body, self._connector)
        if update is None:
            return Response(status_code=400)
        return await self._take(update)

    async def _take(self, update: Update) -> Response:
        """Answer 200 once all is done and stored; after anything else Telegram brings the update again."""
        try:
            await self._updates.take(update)
        except Exception:  # noqa: BLE001 - said where it happened, or an outage
            return Response(status_code=503)
        return Response(status_code=200)

    def _knows_the_secret(self, request: Request) -> bool:
        said = request.headers.get(SECRET, "")
        return hmac.compare_digest(said.encode(), self._secret.encode())


def _read(body: bytes, connector: SpeaksTelegram) -> Update | None:
    """Read an update; None for what is none."""
    try:
        plain = json.loads(storable(body))
    except (ValueError, RecursionError):
        return None
    return read_update(plain, connector.bot)
