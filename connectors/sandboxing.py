"""What every sandbox stands on: a loopback server whose connections can be cut, late effects, faults told."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.applications import Starlette

F = TypeVar("F")
Peer = tuple[str, int]
"""A client's address: host and port."""


class Served(Protocol):
    """An application whose connections can be cut; each sandbox is one."""

    @property
    def asgi(self) -> Starlette:
        """The application."""
        ...

    @property
    def transports(self) -> dict[Peer, asyncio.Transport]:
        """The open connections by the client's address; the server keeps it up to date."""
        ...

    def cut_all(self) -> None:
        """Cut every open connection."""
        ...


@dataclass(slots=True)
class Pending:
    """Effects that will show later."""

    due: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def settle(self, *, everything: bool = False) -> None:
        """Bring about what is due, or all there is."""
        now = float("inf") if everything else time.monotonic()
        ready = [effect for at, effect in self.due if at <= now]
        self.due = [(at, effect) for at, effect in self.due if at > now]
        for effect in ready:
            effect()


class _CuttableProtocol(H11Protocol):
    """Remembers its transport by the client's address, so that the application can cut it."""

    transports: dict[Peer, asyncio.Transport]

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peername")
        self.transports[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transports.pop(self._peer, None)
        super().connection_lost(exc)


def server_for(sandbox: Served, port: int = 0) -> tuple[uvicorn.Server, socket.socket, str]:
    """Give a server on a loopback port (bound already; 0 takes any that is free), its socket and its URL."""
    protocol = type("Protocol", (_CuttableProtocol,), {"transports": sandbox.transports})
    config = uvicorn.Config(
        sandbox.asgi,
        http=protocol,
        # Most platforms know no websockets; one that does says what speaks their protocol.
        ws=getattr(sandbox, "websockets", "none"),
        lifespan="off",
        log_level="error",
        access_log=False,
    )
    # The protocol said outright: asyncio switches Nagle's delay off only where it is.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(128)  # whoever reads the URL may connect at once
    return uvicorn.Server(config), listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def running_sandbox(sandbox: Served) -> AsyncIterator[str]:
    """Serve while the block runs; yields the URL of its root, without a path."""
    server, listening, url = server_for(sandbox)
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    # By hand: `serve` would take over the process's signal handlers, and stops only on a tick.
    await server.startup(sockets=[listening])
    try:
        yield url
    finally:
        for served in server.servers:
            served.close()
        sandbox.cut_all()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        listening.close()


def cut(transports: Mapping[Peer, asyncio.Transport]) -> None:
    """Cut every open connection."""
    for transport in list(transports.values()):
        transport.abort()


async def fall_silent(request: Request, transports: Mapping[Peer, asyncio.Transport], *, drop: bool) -> None:
    """Cut the request's connection, or say nothing until the client hangs up."""
    if drop and request.client is not None:
        transports[(request.client.host, request.client.port)].abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def take_faults(request: Request, faults: list[F], read: Callable[[dict[str, Any]], F]) -> Response:
    """Answer `/_sandbox/faults`: POST adds one fault or a list of them, DELETE forgets them all."""
    if request.method == "DELETE":
        faults.clear()
        return JSONResponse({"faults": 0})
    try:
        rows = json.loads(await request.body())
        added = [read(row) for row in (rows if isinstance(rows, list) else [rows])]
    except (ValueError, TypeError, KeyError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    faults.extend(added)
    return JSONResponse({"faults": len(faults)})
