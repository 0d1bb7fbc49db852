"""A Slack with Socket Mode that somebody else wrote: `local-slack`, run on a free port where it is there.

https://github.com/parvalabs/local-slack (MIT). BAWAB_LOCAL_SLACK is the command that starts it, such as
`bun /path/to/local-slack/server/src/cli.ts`. Its addresses are not Slack's (`/socket/ID`,
`/_hooks/response/ID`), so a bridge gives them Slack's form; envelopes, payloads and acknowledgements pass as
they are.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from tests.ports import free_port

COMMAND = os.environ.get("BAWAB_LOCAL_SLACK", "")
WHERE_INSTALLED = pytest.mark.skipif(not COMMAND, reason="BAWAB_LOCAL_SLACK names no command of local-slack")
TOKENS = {"botToken": "xoxb-local-bawab", "appToken": "xapp-local-bawab"}
_KEPT = ("Authorization", "Content-Type")
_SOCKET = re.compile(r'"url":"ws://[^"]*/socket/([^"]+)"')
_HOOK = re.compile(r'"response_url":"[^"]*/_hooks/response/([^"]+)"')


@dataclass(slots=True)
class LocalSlack:
    """The running server, its bridge, and people who act there."""

    http: aiohttp.ClientSession
    direct: str
    bridged: str

    async def does(self, what: str, **said: Any) -> None:
        """Have a person do something."""
        async with self.http.post(f"{self.direct}/_control/{what}", json=said) as answer:
            assert (await answer.json())["ok"], what

    async def connected(self) -> None:
        """Wait until the app is heard to be there."""
        await self._until("socket connected")

    async def said(self, words: str) -> dict[str, Any]:
        """Wait until the app says something; gives the message."""
        for _ in range(1200):
            async with self.http.get(f"{self.direct}/_control/messages/C0LUNCH") as answer:
                for message in (await answer.json())["messages"]:
                    if words in json.dumps(message, ensure_ascii=False):
                        return dict(message)
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody said {words!r}")

    async def called(self, method: str) -> None:
        """Wait until the app calls a method."""
        await self._until(method)

    async def _until(self, words: str) -> None:
        for _ in range(1200):
            async with self.http.get(f"{self.direct}/_control/log") as answer:
                if words in await answer.text():
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{words!r} did not happen")


@asynccontextmanager
async def local_slack(folder: Path, team_id: str, people: list[str]) -> AsyncIterator[LocalSlack]:
    """Run it with these accounts, all in one channel with the bot."""
    config = {
        "workspace": {"name": "Sandbox", "domain": "sandbox", "teamId": team_id},
        "app": {"appId": "A0LOCAL", "botUserId": "UBOT", "botName": "bawab", "mode": "socket", **TOKENS},
        "users": [{"id": one, "name": one.lower(), "real_name": one} for one in people],
        "channels": [{"id": "C0LUNCH", "name": "lunch", "members": [*people, "UBOT"]}],
    }
    (folder / "local.yaml").write_text(json.dumps(config), encoding="utf-8")
    port = free_port()
    child = await asyncio.create_subprocess_exec(
        *shlex.split(COMMAND), "--config", str(folder / "local.yaml"), "--port", str(port),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:
            direct = f"http://localhost:{port}"
            await _answering(http, direct)
            async with _bridge(http, direct) as bridged:
                yield LocalSlack(http, direct, bridged)
    finally:
        child.terminate()
        await child.wait()


@asynccontextmanager
async def _bridge(http: aiohttp.ClientSession, direct: str) -> AsyncIterator[str]:
    """Give the server's addresses Slack's form."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"

    async def api(request: web.Request) -> web.Response:
        kept = {name: request.headers[name] for name in _KEPT if name in request.headers}
        url, body = f"{direct}{request.path_qs}", await request.read()
        async with http.request(request.method, url, data=body, headers=kept) as answer:
            text = _SOCKET.sub(rf'"url":"ws://127.0.0.1:{port}/link/?ticket=\1"', await answer.text())
            return web.Response(text=text, status=answer.status, content_type="application/json")

    async def link(request: web.Request) -> web.WebSocketResponse:
        ours = web.WebSocketResponse()
        await ours.prepare(request)
        where = f"{direct}/socket/{request.query['ticket']}"
        async with http.ws_connect(where) as theirs, asyncio.TaskGroup() as both:
            both.create_task(_pump(theirs, ours, f"{here}/commands/T/1"))
            both.create_task(_pump(ours, theirs))
        return ours

    async def hook(request: web.Request) -> web.Response:
        url = f"{direct}/_hooks/response/{request.match_info['id']}"
        async with http.post(url, json=await request.json()) as answer:
            return web.Response(status=answer.status)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", api)
    app.router.add_get("/link/", link)
    app.router.add_post("/commands/T/1/{id}", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield here
    finally:
        await runner.cleanup()


async def _pump(source: Any, target: Any, hooks: str = "") -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT and not target.closed:
            text = message.data
            await target.send_str(_HOOK.sub(rf'"response_url":"{hooks}/\1"', text) if hooks else text)
    await target.close()


async def _answering(http: aiohttp.ClientSession, url: str) -> None:
    for _ in range(1200):
        try:
            async with http.get(f"{url}/_control/state"):
                return
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.05)
    raise AssertionError("local-slack did not start within a minute")
