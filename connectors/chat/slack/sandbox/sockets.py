"""The sandbox's Socket Mode: websockets behind a ticket, envelopes to be acknowledged within 3 s."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from connectors.chat.slack.sandbox.surface import Surface

ACK_SECONDS = 3.0


@dataclass(slots=True)
class Sockets:
    """The open websockets of one app, and what was acknowledged."""

    surface: Surface
    open: list[web.WebSocketResponse] = field(default_factory=list)
    opened: int = 0
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    ack_seconds: float = ACK_SECONDS
    _waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def protocol(self, **_: Any) -> asyncio.BaseProtocol:
        """Give what speaks the websocket's protocol on one connection, from its first request on."""
        return web.Server(self._serve)()

    async def connected(self, count: int = 1, seconds: float = 5.0) -> None:
        """Wait until so many websockets are open."""
        async with asyncio.timeout(seconds):
            while len(self.open) < count:
                self._came.clear()
                await self._came.wait()

    async def deliver(self, kind: str, payload: dict[str, Any], **more: Any) -> dict[str, Any] | None:
        """Send an envelope over the newest websocket; gives what acknowledged it in time, or None."""
        envelope = {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload, **more}
        ack: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = ack
        await self.open[-1].send_json(envelope)
        try:
            async with asyncio.timeout(self.ack_seconds):
                return await ack
        except TimeoutError:
            return None
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def disconnect(self, reason: str) -> None:
        """Tell every websocket that it will be closed, as Slack does before it does."""
        for socket in list(self.open):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    async def close_all(self) -> None:
        """Close every websocket without a word."""
        for socket in list(self.open):
            await socket.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        ticket = request.rel_url.query.get("ticket", "")
        if request.path != "/link/" or ticket not in self.surface.tickets:
            return web.Response(status=401)
        self.surface.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open.append(socket)
        self.opened += 1
        try:
            await socket.send_json({"type": "hello", "num_connections": len(self.open), "debug_info": {}})
            self._came.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(json.loads(message.data))
        finally:
            self.open.remove(socket)
        return socket

    def _take(self, answer: dict[str, Any]) -> None:
        self.acknowledged.append(answer)
        waiting = self._waiting.get(str(answer.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
