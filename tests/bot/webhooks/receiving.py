"""A receiver on loopback that keeps what it was sent, answers as told, and a company that tells it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.setting_parts import WebhookSettings
from bot.store.access_tables import DeliveryRow
from bot.store.query import where
from bot.webhooks.outbound import Outbound
from tests.bot.world import Clock, World, company

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbUJpKdQ5rQs="
OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDZkq1Yx0xqrc="


@dataclass(slots=True)
class Receiver:
    """What arrived, and what is answered next; without an answer left it is 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    slow: asyncio.Event | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        self.came.set()
        if self.slow is not None:
            await self.slow.wait()
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if 300 <= status < 400 else {})

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    @property
    def said(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def checked(self, secret: str = SECRET) -> list[Any]:
        """Check every signature as the published library does; raises where one does not fit."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.got]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Listen on a free port."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        await web.SockSite(runner, taken).start()
        made.url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook"
        try:
            yield made
        finally:
            await runner.cleanup()


@asynccontextmanager
async def told(folder: Path, receiver: Receiver, secret: str = SECRET, **more: Any) -> AsyncIterator[World]:
    """Open a company that tells the receiver of `case` and `hold`; its clock shows the real time."""
    settings = WebhookSettings.model_validate(
        {"url": receiver.url, "secret": secret, "events": ["case", "hold"], **more}
    )
    clock = Clock(now=datetime.now(UTC))
    async with company(folder, clock=clock, extra={"webhooks": {"ledger": settings}}) as world:
        yield world


async def happened(world: World, *actions: Action, **more: Any) -> None:
    """Write entries as their acts would."""
    async with world.app.store.write() as tx:
        await world.app.audit.append(tx, *[Entry(action, "person:E7", **more) for action in actions])


async def passed(world: World, outbound: Outbound | None = None) -> None:
    """Tell whatever is due, as one run of the service does."""
    outbound = outbound or Outbound(world.app)
    await outbound.rest(finish=True)


async def deliveries(world: World) -> list[DeliveryRow]:
    async with world.app.store.read() as tx:
        return sorted(await where(tx, DeliveryRow), key=lambda row: row.seq)
