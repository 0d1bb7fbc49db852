"""The least HTTP/1.1 server that the clients under measurement need: keep-alive, lengths, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import orjson

REASONS = {200: "OK", 201: "Created", 204: "No Content", 401: "Unauthorized", 403: "Forbidden"}
REASONS |= {404: "Not Found", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` as it came."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def parameters(self) -> dict[str, str]:
        """Give what was said, in the address, as a form, or as a JSON object."""
        said = dict(parse_qsl(self.query))
        if self.body[:1] == b"{":
            return said | {name: str(value) for name, value in orjson.loads(self.body).items()}
        return said | dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, `delay` real seconds after the request; `lost` closes the connection instead,
    `silent` says nothing at all."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    lost: bool = False
    silent: bool = False

    def spelt(self) -> bytes:
        """Give the bytes to send."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Answer')}"]
        lines += ["Content-Type: application/json; charset=utf-8", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Answer = Callable[[Request], Reply]


class Connection(asyncio.Protocol):
    """One client's connection; requests of it are answered in order."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server is given
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request that is there."""
        self._buffer += data
        while (request := self._next()) is not None:
            self._send(self._answer(request))

    def _next(self) -> Request | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        lines = head.decode("latin-1").split("\r\n")
        verb, target, _ = lines[0].split(" ", 2)
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        path, _, query = target.partition("?")
        return Request(verb, unquote(path), query, headers, rest[:length])

    def _send(self, reply: Reply) -> None:
        transport = self._transport
        if transport is None or reply.silent:
            return
        if reply.lost:
            transport.abort()
        elif reply.delay:
            asyncio.get_running_loop().call_later(reply.delay, transport.write, reply.spelt())
        else:
            transport.write(reply.spelt())


async def serve(answer: Answer, port: int = 0) -> tuple[asyncio.Server, int]:
    """Listen on loopback; gives the server and its port."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answer), "127.0.0.1", port)
    return server, int(server.sockets[0].getsockname()[1])
