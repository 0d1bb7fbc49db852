"""What comes in at a door is bounded, whatever its headers say of it, and never waited for without end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.surfaces.bodies import BodyRefused, with_body

MOST = 1000
CHUNK = b"3e8\r\n" + b"x" * MOST + b"\r\n"
LONG = 30.0
"""Seconds that pass only where something waits for ever."""


async def _door(request: Request) -> Response:
    try:
        asked = request.query_params
        seconds = 0.15 if "brief" in asked else LONG
        read = await with_body(request, MOST, length_said="unsaid" not in asked, seconds=seconds)
    except BodyRefused as error:
        return Response(status_code=error.status)
    return PlainTextResponse(str(len(await read.body())))


@asynccontextmanager
async def door() -> AsyncIterator[int]:
    """A door that says how much came in; gives its port."""
    asgi = Starlette(routes=[Route("/", _door, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(asgi, lifespan="off", log_config=None, ws="none"))
    taken = socket.create_server(("127.0.0.1", 0))  # whoever connects before it is up waits
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        yield int(taken.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


async def send(port: int, *lines: str, body: bytes = b"", query: str = "") -> bytes:
    """Send a request as it stands, and give the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "\r\n".join([f"POST /{query} HTTP/1.1", "Host: x", *lines, "", ""])
    writer.write(head.encode() + body)
    try:
        answer = await asyncio.wait_for(reader.read(4096), 2 * LONG)
    finally:
        writer.close()
    return answer.split(b"\r\n")[0].split(b" ")[1] + b" " + answer.rpartition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("lines", "body", "query", "expected"),
    [
        (["Content-Length: 5"], b"hello", "", b"200 5"),
        ([], b"", "", b"411 "),
        (["Content-Length: 1001"], b"", "", b"413 "),
        (["Transfer-Encoding: chunked"], CHUNK, "", b"411 "),
        # Both: HTTP lets the chunks win, so the length that was said means nothing.
        (["Content-Length: 5", "Transfer-Encoding: chunked"], CHUNK * 3, "", b"413 "),
        (["Transfer-Encoding: chunked"], CHUNK * 3, "?unsaid", b"413 "),
        (["Transfer-Encoding: chunked"], CHUNK + b"0\r\n\r\n", "?unsaid", b"200 1000"),
        ([], b"", "?unsaid", b"200 0"),
    ],
)
async def test_a_body_is_read_to_its_bound_and_no_further(
    lines: list[str], body: bytes, query: str, expected: bytes
) -> None:
    async with door() as port:
        assert await send(port, *lines, body=body, query=query) == expected


async def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    async with door() as port:
        assert await send(port, "Content-Length: 5", body=b"hel", query="?brief") == b"408 "
