"""Reads that are asked for in the same moment by several callers leave together, and the same one once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.probing import Probe, current, take_part

Ask = TypeVar("Ask")
Said = TypeVar("Said")
A_MOMENT = 0.002
"""Seconds one waits for others: far less than the way to the platform and back."""


@dataclass(slots=True)
class _Load(Generic[Ask, Said]):
    """What leaves together: each different ask once, and who waits for it."""

    probe: Probe | None
    """The probe it leaves in, if any: what looks whether a platform is back costs one request in all."""
    asks: dict[Hashable, Ask] = field(default_factory=dict)
    done: asyncio.Task[Sequence[Said]] | None = None


class Pool(Generic[Ask, Said]):
    """Collects asks for a moment; `send` answers them all, one answer each in order, or raises for all."""

    def __init__(
        self, send: Callable[[Sequence[Ask]], Awaitable[Sequence[Said]]], key: Callable[[Ask], Hashable]
    ) -> None:
        self._send = send
        self._key = key
        self._open: _Load[Ask, Said] | None = None

    async def read(self, asks: Sequence[Ask]) -> list[Said]:
        """Give the answers to these asks; nothing in them was read before this was called."""
        if not asks:
            return []
        load, probe = self._open, current()
        if load is None or load.done is None or load.probe is not probe:
            load = self._open = _Load(probe)
            # A context of its own: what one caller records is not another's.
            context = Context()
            context.run(take_part, probe)
            load.done = asyncio.get_running_loop().create_task(self._leave(load), context=context)
        keys = [self._key(ask) for ask in asks]
        load.asks |= dict(zip(keys, asks, strict=True))
        said = dict(zip(load.asks, await asyncio.shield(load.done), strict=True))
        return [said[key] for key in keys]

    async def _leave(self, load: _Load[Ask, Said]) -> Sequence[Said]:
        await asyncio.sleep(A_MOMENT)
        if self._open is load:
            self._open = None
        return await self._send(list(load.asks.values()))
