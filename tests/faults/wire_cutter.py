"""A TCP proxy that cuts PostgreSQL's wire at a COMMIT: before the server has it, or after it did it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""The message as the protocol spells it: simple query, its length, the text."""
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
When = Literal["before", "after"]


@dataclass(slots=True)
class Cutter:
    """Passes everything on but some COMMITs: after each one cut it lets two more pass than before.

    Whoever begins anew after each cut so loses the answer to the first, third, fifth … of its commits.
    """

    port: int
    when: When = "after"
    next_cut: int = 0
    """How many COMMITs until one is cut; 0: none is."""
    cuts: int = 0
    _since: int = 0
    silent: bool = False
    """Swallow everything from both ends, as a network does in which a machine vanished."""
    _open: set[Writer] = field(default_factory=set)

    async def pass_on(self, reader: Reader, writer: Writer) -> None:
        """Serve one connection until either end closes it, or we cut it."""
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.close()
            return
        self._open |= {writer, forth}
        cut = asyncio.Event()
        ways = [
            asyncio.create_task(self._forth(reader, forth, cut)),
            asyncio.create_task(self._back(back, writer, cut)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, forth):
                self._open.discard(end)
                with suppress(OSError, RuntimeError):
                    end.close()

    async def _forth(self, reader: Reader, to: Writer, cut: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if self.silent:
                continue
            if self._is_one_to_cut(data):
                if self.when == "before":
                    return
                cut.set()
            to.write(data)
            await to.drain()

    async def _back(self, reader: Reader, to: Writer, cut: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if cut.is_set():
                return  # the server has done it, and says so: nobody will hear
            if not self.silent:
                to.write(data)
                await to.drain()

    def _is_one_to_cut(self, data: bytes) -> bool:
        if not self.next_cut or not data.startswith(COMMIT):
            return False
        self._since += 1
        if self._since < self.next_cut:
            return False
        self._since, self.next_cut, self.cuts = 0, self.next_cut + 2, self.cuts + 1
        return True


@asynccontextmanager
async def cutting(port: int) -> AsyncIterator[tuple[Cutter, int]]:
    """Run one before the server at a port; gives it, and the port it listens on."""
    cutter = Cutter(port)
    listener = await asyncio.start_server(cutter.pass_on, "127.0.0.1", 0)
    try:
        yield cutter, listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for end in tuple(cutter._open):
            end.close()
        await asyncio.sleep(0)
