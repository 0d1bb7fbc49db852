"""What a process has to do until it is stopped, whoever divides the work: a clock to tick, lanes to drain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from bot.alarm import News
from bot.drainer import Drainer

Hold = Callable[[], Awaitable[None]]
"""Raises Superseded where another process ticks now."""


async def nobody_else() -> None:
    """Hold what no other process can take."""


@dataclass(frozen=True, slots=True)
class Duty:
    """The work of one process; set `stopping` to end it after what is under way."""

    tick: Callable[[Hold], Awaitable[object]] | None
    """Looks at everything that may be due; None for a process that only drains lanes."""
    drainers: Mapping[str, Drainer]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    follow: Callable[[Collection[News]], Awaitable[object]] | None = None
    """Does what was rung for, up to steps a lane may take; None for a process that hears nothing."""
