"""The webhooks of one service: the log is followed at each tick, and deliveries go out beside it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import httpx

from bot.app import Bawab
from bot.webhooks.following import follow, sweep
from bot.webhooks.sending import Receiver
from bot.webhooks.signing import signers

TIMEOUT_SECONDS: Final = 10.0
SWEEP_EVERY: Final = timedelta(hours=1)


class Outbound:
    """Follows and sends; a slow receiver keeps neither the tick nor another receiver waiting."""

    def __init__(self, app: Bawab) -> None:
        """Raises SettingsProblem where a webhook's secret is missing or too short."""
        self._app = app
        self._secrets = {
            name: signers(name, settings.signing()) for name, settings in app.settings.webhooks.items()
        }
        self._http: httpx.AsyncClient | None = None
        self._receivers: list[Receiver] = []
        self._sending: asyncio.Task[None] | None = None
        self._swept: datetime | None = None
        self._stopping = False

    async def tick(self) -> None:
        """Note what is to be told, and begin to tell it unless that is under way."""
        if not self._secrets:
            return
        await follow(self._app)
        await self._sweep()
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        elif self._sending.done():
            sending, self._sending = self._sending, None
            sending.result()  # a fault of ours stops the service, as one of the tick's does
            await self.tick()

    async def rest(self, *, finish: bool = False) -> None:
        """Stop after the message under way, or with `finish` after all that is due, and close.

        What is not sent is sent by the next run.
        """
        if finish:
            await self.tick()
        self._stopping = not finish
        if self._sending is not None:
            await self._sending
            self._sending = None
        self._stopping = False
        if self._http is not None:
            await self._http.aclose()
            self._http, self._receivers = None, []

    async def _send(self) -> None:
        await asyncio.gather(*(receiver.drain() for receiver in self._open()))

    def _open(self) -> list[Receiver]:
        if self._http is None:
            limits = httpx.Timeout(TIMEOUT_SECONDS)
            self._http = httpx.AsyncClient(timeout=limits, follow_redirects=False)
            hooks = self._app.settings.webhooks
            self._receivers = [
                Receiver(
                    self._app, name, hooks[name].url, self._secrets[name], self._http, lambda: self._stopping
                )
                for name in hooks
            ]
        return self._receivers

    async def _sweep(self) -> None:
        now = self._app.now()
        if self._swept is None or now >= self._swept + SWEEP_EVERY:
            self._swept = now
            await sweep(self._app)
