"""Answers that stop growing: an aiohttp response cut off beyond a number of bytes; no NUL in it."""

from __future__ import annotations

from typing import ClassVar

import aiohttp

from connectors.storable import storable


class BoundedResponse(aiohttp.ClientResponse):
    """A response that refuses to grow beyond `limit` bytes after decompression."""

    limit: ClassVar[int]

    async def read(self) -> bytes:
        if self._body is None:
            try:
                await self._read_bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _read_bounded(self) -> None:
        parts: list[bytes] = []
        size = 0
        async for part in self.content.iter_any():
            size += len(part)
            if size > self.limit:
                raise aiohttp.ClientPayloadError(f"answer larger than {self.limit} bytes")
            parts.append(part)
        self._body = storable(b"".join(parts))


def bounded(limit: int) -> type[BoundedResponse]:
    """Give the response class of one session."""
    return type("Bounded", (BoundedResponse,), {"limit": limit})
