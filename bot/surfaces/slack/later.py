"""Work that goes on after Slack has its answer: kept hold of, and waited for when the app stops."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

GRACE_SECONDS = 3.0
"""How long a stop waits for what is being done; the rest is cancelled, and its transaction with it."""

logger = structlog.get_logger(__name__)


class Later:
    """The tasks of one app; a failed one is said by its kind alone, for its words may hold names."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with something that Slack does not wait for."""
        task = asyncio.create_task(_said(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float = GRACE_SECONDS) -> None:
        """Wait until everything is done, or cancel what takes longer."""
        if not self._tasks:
            return
        _, slow = await asyncio.wait(self._tasks, timeout=seconds)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def _said(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits for it, so it is said here or nowhere
        logger.error("slack_app_failed", error=type(error).__name__)  # noqa: TRY400
