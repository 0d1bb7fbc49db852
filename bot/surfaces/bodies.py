"""What comes in at a door: read to a bound that no header can talk away, and not waited for without end."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import Message, Receive

MOST_BYTES = 512 * 1024
SECONDS = 5.0
"""For a whole body: half a megabyte in so long is a slow line, or somebody who keeps the door busy."""


class BodyRefused(Exception):
    """A body that is not read; `status` is what to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


async def with_body(
    request: Request, most: int = MOST_BYTES, *, length_said: bool = True, seconds: float = SECONDS
) -> Request:
    """Give the request with its body read; raises BodyRefused with 411, 413 or 408.

    `most` is in bytes. What is counted is what comes: a Content-Length beside chunks means nothing.
    """
    length = request.headers.get("content-length", "" if length_said else "0")
    if not (length.isascii() and length.isdigit()):
        raise BodyRefused(411)
    if int(length) > most:
        raise BodyRefused(413)
    read = Request(request.scope, _Bounded(request.receive, most))
    try:
        async with asyncio.timeout(seconds):
            await read.body()
    except TimeoutError:
        raise BodyRefused(408) from None
    return read


class _Bounded:
    """Hands on what comes in, as long as it stays within the bound."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise BodyRefused(413)
        return message
