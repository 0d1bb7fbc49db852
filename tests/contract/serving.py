"""Serves a uvicorn application on loopback for one check, and ends it at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn


def loopback() -> tuple[socket.socket, int]:
    """Bind a free loopback port; give the socket and the port."""
    # The protocol said outright, because asyncio switches Nagle's delay off only where it is.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    return listening, listening.getsockname()[1]


@asynccontextmanager
async def started(server: uvicorn.Server, listening: socket.socket) -> AsyncIterator[None]:
    """Run a server while the block runs, without its signal handlers and without the tenth of a second
    its own shutdown sleeps: a hundred checks would wait ten seconds for nothing."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listening])
    try:
        yield
    finally:
        for accepting in server.servers:
            accepting.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        if server.server_state.tasks:
            # A request held back sees its client gone, and ends.
            await asyncio.wait(server.server_state.tasks, timeout=1.0)
        listening.close()
