"""What answers say of their limits beside a refusal, read from headers.

* `RateLimit-Remaining`/`-Reset`, seconds (IETF draft-ietf-httpapi-ratelimit-headers up to -07), and the one
  header `RateLimit: "name";r=50;t=30` of its later versions
* `X-RateLimit-Remaining` with `X-RateLimit-Reset-After`, seconds (Discord)
* `x-ms-throttle-limit-percentage`, from 0.8 to 1.8, and `x-ms-throttle-scope` (Microsoft Graph, "throttling")
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_REMAINING = ("RateLimit-Remaining", "X-RateLimit-Remaining")
_RESET = ("RateLimit-Reset", "X-RateLimit-Reset-After")
_COMBINED = re.compile(r";\s*r=(\d+).*?;\s*t=(\d+)")
_USED = "x-ms-throttle-limit-percentage"
# Longer than any window we know; a larger number is an instant, not a number of seconds.
_LONGEST_RESET_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Hint:
    """One answer's own numbers; None where it does not say."""

    remaining: float | None = None
    """Calls left until `reset`."""
    reset: float | None = None
    """Seconds."""
    used: float | None = None
    """The share of the limit that is used: 1.0 is all of it."""


def hint(headers: Mapping[str, str]) -> Hint | None:
    """Read an answer's headers; None where none of them is about limits, as most are not."""
    combined = _COMBINED.search(headers["RateLimit"]) if "RateLimit" in headers else None
    remaining = _number(combined[1]) if combined else _first(headers, _REMAINING)
    reset = _number(combined[2]) if combined else _first(headers, _RESET)
    used = _number(headers[_USED]) if _USED in headers else None
    if reset is None or remaining is None or reset > _LONGEST_RESET_SECONDS:
        remaining = reset = None
    return Hint(remaining, reset, used) if used is not None or remaining is not None else None


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    return next((_number(headers[name]) for name in names if name in headers), None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0.0 else None
