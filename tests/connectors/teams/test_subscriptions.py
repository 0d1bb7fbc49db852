"""Graph is asked to tell of changes, and to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.surfaces.graph.subscriptions import RESOURCES, Subscribes
from connectors.errors import ConnectorError, NotSupported
from tests.connectors.teams.stage import staged, tenant

IN_TWO_DAYS = datetime.now(UTC) + timedelta(days=2)


@asynccontextmanager
async def listening() -> AsyncIterator[str]:
    """Echo validation tokens, as an address that is ours does."""

    async def echo(request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(text=request.query.get("validationToken", ""))

    app = web.Application()
    app.router.add_post("/graph/contoso", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/graph/contoso"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_subscription_is_made_prolonged_and_ended(resource: str) -> None:
    async with staged() as stage, listening() as url:
        assert isinstance(stage.teams, Subscribes)
        made = await stage.teams.subscribe(resource, url, "a secret word", IN_TWO_DAYS)
        held = stage.sandbox.tenant.subscriptions
        assert held[made].client_state == "a secret word"
        assert held[made].lifecycle_notification_url == url
        assert await stage.teams.renew(made, IN_TWO_DAYS + timedelta(hours=1))
        await stage.teams.unsubscribe(made)
        assert made not in held
        await stage.teams.unsubscribe(made)
        assert not await stage.teams.renew(made, IN_TWO_DAYS)


async def test_an_address_that_does_not_answer_makes_no_subscription() -> None:
    async with staged() as stage:
        with pytest.raises(ConnectorError):
            await stage.teams.subscribe("/groups", "http://127.0.0.1:9/", "word", IN_TWO_DAYS)
        assert not stage.sandbox.tenant.subscriptions


async def test_chats_are_not_subscribed_to_without_their_permission() -> None:
    world = tenant()
    world.app().granted.remove("ChatMember.ReadWrite.All")
    async with staged(world) as stage:
        with pytest.raises(NotSupported):
            await stage.teams.subscribe("/chats/getAllMembers", "http://127.0.0.1:9/", "word", IN_TWO_DAYS)
        assert stage.writes() == []
