"""What really happened, as the server saw it: every request, every effect, and the time of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Ledger:
    """Times are seconds of the stub's own (scaled) clock since it was last reset."""

    requests: Counter[str] = field(default_factory=Counter)
    """Requests by method, the refused ones included."""
    limited: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Requests that met a fault of the server."""
    effects: dict[str, float] = field(default_factory=dict)
    """What ended, and when it first did."""
    repeated: int = 0
    """Writes that asked again for what had its effect already."""
    first: float | None = None
    last: float = 0.0
    first_write: float | None = None
    times: list[float] = field(default_factory=list)
    """When each request came, in order."""

    def came(self, method: str, now: float) -> None:
        """Note one request."""
        self.requests[method] += 1
        self.first = now if self.first is None else self.first
        self.last = now
        self.times.append(now)

    def had_effect(self, what: str, now: float) -> None:
        """Note that something ended, or was asked for again."""
        if what in self.effects:
            self.repeated += 1
        else:
            self.effects[what] = now

    def report(self, prefix: str = "", down: tuple[float, float] | None = None) -> dict[str, Any]:
        """Sum up; `prefix` chooses effects to time apart, `down` a span to count requests in."""
        ended = sorted(self.effects.values())
        chosen = [at for what, at in self.effects.items() if prefix and what.startswith(prefix)]
        said: dict[str, Any] = {
            "requests": dict(self.requests),
            "calls": sum(self.requests.values()),
            "limited": sum(self.limited.values()),
            "limited_by": dict(self.limited),
            "failed": sum(self.failed.values()),
            "effects": len(self.effects),
            "repeated": self.repeated,
            "first": self.first or 0.0,
            "last": self.last,
            "last_effect": ended[-1] if ended else 0.0,
            "chosen": len(chosen),
            "chosen_last": max(chosen, default=0.0),
        }
        if down:
            said["while_down"] = sum(down[0] <= at < down[1] for at in self.times)
            said["down_until"] = down[1]
            said["first_after"] = next((at for at in ended if at >= down[1]), None)
        return said
