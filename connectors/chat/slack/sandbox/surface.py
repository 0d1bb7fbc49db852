"""What people see and use of an app in the sandbox: triggers, views, answers, tickets of sockets."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TRIGGER_SECONDS = 3.0
"""docs.slack.dev/interactivity/handling-user-interaction: a trigger_id is good for three seconds, once."""
HOOK_SECONDS = 1800.0
HOOK_USES = 5
"""docs.slack.dev: a response_url answers up to five times within thirty minutes."""


@dataclass(slots=True)
class Trigger:
    """What one act of a person lets an app open."""

    user: str
    at: float
    used: bool = False


@dataclass(slots=True)
class Hook:
    """One response_url: whose act it answers, and what was answered."""

    user: str
    at: float
    message: dict[str, Any] | None = None
    """The message the button stands in, which an answer may replace."""
    said: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class OpenView:
    """A modal somebody has before them, or their Home tab."""

    id: str
    user: str
    view: dict[str, Any]
    hash: str


@dataclass(slots=True)
class Surface:
    """The app's side of one workspace; `now` gives monotonic seconds."""

    origin: str = ""
    """Where this sandbox is reached, as the last request said it."""
    now: Callable[[], float] = time.monotonic
    triggers: dict[str, Trigger] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    views: dict[str, OpenView] = field(default_factory=dict)
    homes: dict[str, OpenView] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    _made: int = 0

    def trigger(self, user: str) -> str:
        """Give a new trigger id."""
        name = f"{self._next()}.{secrets.token_hex(6)}"
        self.triggers[name] = Trigger(user, self.now())
        return name

    def hook(self, user: str, kind: str, message: dict[str, Any] | None = None) -> str:
        """Give a new response_url of a kind (`commands` or `actions`)."""
        path = f"{kind}/T0/{self._next()}/{secrets.token_hex(8)}"
        self.hooks[path] = Hook(user, self.now(), message)
        return f"{self.origin}/{path}"

    def said_to(self, user: str) -> list[dict[str, Any]]:
        """Give all that was answered to one person, oldest first."""
        return [said for hook in self.hooks.values() if hook.user == user for said in hook.said]

    def view_id(self) -> str:
        """Give a new view's id."""
        return f"V{self._next():08d}"

    def stamp(self) -> str:
        """Give a new hash of a view."""
        return f"1700000000.{self._next():08d}"

    def _next(self) -> int:
        self._made += 1
        return self._made
