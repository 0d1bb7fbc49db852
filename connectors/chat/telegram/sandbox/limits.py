"""Flood limits: what is published for messages (core.telegram.org/bots/faq), one's own for the rest."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.chat.telegram.sandbox.faults import Fault, FaultKind

MESSAGES_PER_SECOND = 30
MESSAGES_PER_GROUP_AND_MINUTE = 20


@dataclass(slots=True)
class Limits:
    """Off unless switched on; `minute` is how long a minute lasts here, in seconds."""

    on: bool = False
    minute: float = 60.0
    others_per_second: int | None = None
    """Calls of any other method but fetching; unpublished, so a test chooses."""
    refusals: int = 0
    early_calls: int = 0
    """Calls made while still told to wait: what a storming client makes many of."""
    _calls: dict[str, deque[float]] = field(default_factory=dict)
    _blocked: dict[str, float] = field(default_factory=dict)

    def refuse(self, method: str, params: Mapping[str, str]) -> Fault | None:
        """Count a call; gives the refusal where there were too many."""
        if not self.on or method == "getUpdates":
            return None
        waits = [self._wait(*bucket) for bucket in self._buckets(method, params)]
        wait = max((wait for wait in waits if wait is not None), default=None)
        if wait is None:
            return None
        self.refusals += 1
        return Fault(FaultKind.LIMITED_429, method, seconds=wait)

    def _buckets(self, method: str, params: Mapping[str, str]) -> list[tuple[str, int, float]]:
        """Give (name, calls, seconds) of every limit that counts this call."""
        second = self.minute / 60
        if method == "sendMessage":
            chat = params.get("chat_id", "")
            own = (MESSAGES_PER_GROUP_AND_MINUTE, self.minute) if chat.startswith("-") else (1, second)
            return [("messages", MESSAGES_PER_SECOND, second), (f"chat {chat}", *own)]
        if self.others_per_second is None:
            return []
        return [("others", self.others_per_second, second)]

    def _wait(self, name: str, calls: int, seconds: float) -> float | None:
        now = time.monotonic()
        self.early_calls += now < self._blocked.get(name, 0.0)
        made = self._calls.setdefault(name, deque())
        while made and made[0] <= now - seconds:
            made.popleft()
        if len(made) < calls:
            made.append(now)
            return None
        wait = made[0] + seconds - now
        self._blocked[name] = now + wait
        return wait
