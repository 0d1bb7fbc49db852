"""A Slack that tells: signed requests over HTTP to a listening Bawab."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.app import Bawab
from bot.surfaces.listener import listening
from tests.bot.world import World, channel, company, people

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAFF = ("E1,Ana Quispe,ana@corp.test,Sales,active,,", "E2,Badr Saleh,badr@corp.test,Research,active,,")
LAST_DAY = STAFF[0].replace("active,,", "active,2026-11-20,")
LONG = 30.0
"""Slack's three seconds are for tests of their own; elsewhere a slow machine is no failure."""


@dataclass(slots=True)
class Slack:
    """Slack's side of the events: it signs, sends, and hands back the status."""

    session: aiohttp.ClientSession
    url: str
    told: int = 0
    began: int = field(default_factory=lambda: int(time.time()))
    """Each is signed a second before the last: by the clock, two could bear one signature."""

    async def tell(self, event: dict[str, Any], event_id: str = "Ev1", **headers: str) -> int:
        """Send an event as Slack wraps it, signed anew each time."""
        self.told += 1
        body = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": event_id, "event": event}
        at = str(self.began - self.told)
        return await self.send(json.dumps(body).encode(), at=at, **headers)

    async def send(self, body: bytes, *, at: str | None = None, **headers: str) -> int:
        """Send a body, signed at an instant (default: now); `headers` stand in for the right ones."""
        async with self.session.post(self.url, data=body, headers=signed(body, at) | headers) as answer:
            return answer.status


def signed(body: bytes, at: str | None = None) -> dict[str, str]:
    """Give the headers of Slack's signature, version v0."""
    at = at or str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/json",
    }


def joined(user: str = "UANA", group: str = "C-lunch") -> dict[str, Any]:
    """Give the event of somebody joining a channel."""
    return {"type": "member_joined_channel", "user": user, "channel": group, "channel_type": "C"}


def with_listener(app: Bawab, listen: str = "127.0.0.1:0", secret: str | None = SECRET) -> Bawab:
    """Give the same Bawab, told to listen."""
    acme = app.settings.slack["acme"]
    acme = acme.model_copy(update={"signing_secret": SecretStr(secret) if secret else None})
    return replace(app, settings=app.settings.model_copy(update={"listen": listen, "slack": {"acme": acme}}))


@asynccontextmanager
async def told(world: World, *, patience: float = LONG) -> AsyncIterator[Slack]:
    """Listen, and give the Slack that tells."""
    async with listening(with_listener(world.app), patience=patience) as url, aiohttp.ClientSession() as http:
        yield Slack(http, f"{url}/slack/acme/events")


@asynccontextmanager
async def ana_has_left(folder: Path) -> AsyncIterator[World]:
    """A company that took Ana out of #lunch and saw that she is out."""
    lunch, sales = channel("lunch", "ana", "badr"), channel("sales-riyadh", "ana", "badr")
    async with company(folder, *people("ana", "badr"), lunch, sales) as world:
        world.drop(*STAFF)
        await world.settle_in()
        world.drop(LAST_DAY, STAFF[1])
        await world.run()
        world.clock.turn(days=1)
        await world.run()
        assert await world.states() == {"lunch": "verified_absent", "sales-riyadh": "verified_absent"}
        yield world


async def hints(world: World) -> int:
    """How many looks the log says were hinted at from outside."""
    return sum("member_joined_channel" in str(entry["detail"]) for entry in await world.log())
