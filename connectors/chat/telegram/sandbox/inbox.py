"""What a bot is told: a queue of numbered updates, which types it asked for, and who waits for the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "callback_query",
        "inline_query",
        "chosen_inline_result",
        "message_reaction",
        "message_reaction_count",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
    }
)
DEFAULT_KINDS = KINDS - {"chat_member", "message_reaction", "message_reaction_count"}
FIRST_ID = 100_000_001
FAR_AHEAD = 10
TWO_POLLERS = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


@dataclass(slots=True)
class Inbox:
    """One bot's queue. Only one request at a time may wait on it."""

    updates: deque[dict[str, Any]] = field(default_factory=deque)
    allowed: frozenset[str] = DEFAULT_KINDS
    next_id: int = FIRST_ID
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at each arrival; whoever delivers to a webhook clears it."""
    webhook: str = ""
    """Where updates are sent to; empty while they are fetched."""
    _waiting: asyncio.Future[str] | None = None

    def allow(self, kinds: Iterable[str]) -> None:
        """Choose the types delivered from now on; none that is known means the default."""
        self.allowed = frozenset(kinds) & KINDS or DEFAULT_KINDS

    def push(self, kind: str, payload: dict[str, Any]) -> None:
        """Tell the bot something, unless it did not ask for this type when it happened."""
        if kind not in self.allowed:
            return
        self.updates.append({"update_id": self.next_id, kind: payload})
        self.next_id += 1
        self.arrived.set()
        self.interrupt("")

    def take(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Forget what lies before the offset (negative: all but the last so many), and give the next ones.

        An offset far ahead of the queue counts as none, as on the real server (TQueue::get).
        """
        offset = 0 if offset > self.next_id + FAR_AHEAD else offset
        if offset < 0:
            while len(self.updates) > -offset:
                self.updates.popleft()
        while offset > 0 and self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        return list(self.updates)[:limit]

    async def wait(self, seconds: float) -> str:
        """Wait for an arrival; gives why the wait was ended by somebody else, empty where it was not."""
        self.interrupt(TWO_POLLERS)
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            return ""
        finally:
            if self._waiting is waiting:
                self._waiting = None

    def interrupt(self, why: str) -> None:
        """End the wait of whoever waits now; an empty reason means that something arrived."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(why)
