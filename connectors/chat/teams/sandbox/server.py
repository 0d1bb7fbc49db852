"""Runs the sandbox, or what behaves like it, on a loopback port; its connections can really be cut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.applications import Starlette


class Served(Protocol):
    """An application whose connections can be cut; the sandbox is one."""

    @property
    def asgi(self) -> Starlette:
        """The application."""
        ...

    @property
    def transports(self) -> dict[tuple[str, int], asyncio.Transport]:
        """The open connections by the client's address; the server keeps it up to date."""
        ...

    def cut_all(self) -> None:
        """Cut every open connection."""
        ...


class _CuttableProtocol(H11Protocol):
    """Remembers its transport by the client's address, so that the application can cut it."""

    transports: dict[tuple[str, int], asyncio.Transport]

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peername")
        self.transports[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transports.pop(self._peer, None)
        super().connection_lost(exc)


def server_for(sandbox: Served) -> tuple[uvicorn.Server, socket.socket, str]:
    """Give a server on an ephemeral loopback port (bound already), its socket and its URL."""
    return server_on(sandbox, 0)


def server_on(sandbox: Served, port: int) -> tuple[uvicorn.Server, socket.socket, str]:
    """Give a server on one loopback port; 0 takes any that is free."""
    protocol = type("Protocol", (_CuttableProtocol,), {"transports": sandbox.transports})
    config = uvicorn.Config(
        sandbox.asgi, http=protocol, ws="none", lifespan="off", log_level="error", access_log=False
    )
    # The protocol said outright: asyncio switches Nagle's delay off only where it is.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(128)  # whoever reads the URL may connect at once
    return uvicorn.Server(config), listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def running_sandbox(sandbox: Served) -> AsyncIterator[str]:
    """Serve while the block runs; yields the base URL (`…/api/` is the Web API, `…/scim/v1/` SCIM)."""
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
