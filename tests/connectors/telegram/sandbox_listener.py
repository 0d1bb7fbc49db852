"""A bot's own web server, as far as a webhook needs one: it writes down what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from connectors.chat.telegram.sandbox.webhooks import SECRET_HEADER

Heard = list[tuple[str, dict[str, Any]]]


@asynccontextmanager
async def listening(failing_first: int = 0) -> AsyncIterator[tuple[str, Heard]]:
    """Give the address, and (secret, update) of every call, in order."""
    heard: Heard = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((request.headers.get(SECRET_HEADER, ""), await request.json()))
        return web.Response(status=503 if len(heard) <= failing_first else 200)

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", heard
    finally:
        await runner.cleanup()
