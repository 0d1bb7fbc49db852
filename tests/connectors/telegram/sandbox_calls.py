"""A bot without a library: calls the sandbox over HTTP, and a small office to call about."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    BOT_TOKEN,
    OWNER_ID,
    Sandbox,
    World,
    base_world,
    create_sandbox,
    running_sandbox,
)

ANA, BADR, CARLA, STRANGER = 7001, 7002, 7003, 7999
GROUP, SUPER, CHANNEL, ELSEWHERE = -101, -1001000000102, -1001000000103, -1001000000104


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: HTTP status, its body, and the header that asks to wait."""

    status: int
    body: dict[str, Any]
    retry_after: str | None = None

    @property
    def result(self) -> Any:
        assert self.body["ok"] is True, self.body
        return self.body["result"]

    @property
    def refused(self) -> tuple[int, str]:
        assert self.body["ok"] is False, self.body
        assert self.status == self.body["error_code"]
        return self.status, self.body["description"]


class Bot:
    """Calls methods with the token it was given."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str = BOT_TOKEN) -> None:
        self._session = session
        self.url = url
        self._token = token

    async def call(self, method: str, **params: Any) -> Reply:
        plain = {name: v if isinstance(v, str) else json.dumps(v) for name, v in params.items()}
        async with self._session.post(f"{self.url}/bot{self._token}/{method}", data=plain) as answer:
            return Reply(answer.status, await answer.json(), answer.headers.get("Retry-After"))

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        given: list[dict[str, Any]] = (await self.call("getUpdates", **params)).result
        return given


def office() -> World:
    """A basic group, a supergroup and a channel the bot administers, and a supergroup it is not in."""
    world = base_world()
    for id_, name in ((ANA, "Ana"), (BADR, "بدر"), (CARLA, "Carla")):
        world.add_user(name, id_=id_, phone=f"+9665{id_}")
    world.add_user("Stranger", id_=STRANGER)
    bots = {BOT_ID: BOT_ADMIN}
    people = (ANA, BADR, CARLA)
    world.add_chat("group", "Drivers", OWNER_ID, members=people, bots=bots, id_=GROUP)
    world.add_chat("supergroup", "Sales", OWNER_ID, members=people, bots=bots, id_=SUPER)
    world.add_chat("channel", "News", OWNER_ID, members=people, bots=bots, id_=CHANNEL)
    world.add_chat("supergroup", "Elsewhere", OWNER_ID, members=people, id_=ELSEWHERE)
    return world


@asynccontextmanager
async def at_work(world: World | None = None, **options: Any) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """Serve the office, and give the sandbox with a bot that calls it."""
    sandbox = create_sandbox(world or office(), **options)
    async with running_sandbox(sandbox) as url, aiohttp.ClientSession() as session:
        yield sandbox, Bot(session, url)
