"""How many requests calls made, and how long they waited: a slow platform is told from a slow pace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Waited:
    """Seconds spent waiting for the pace, and how many requests were made."""

    seconds: float = 0.0
    requests: int = 0


_WAITED: ContextVar[Waited | None] = ContextVar("waited", default=None)


@contextmanager
def waits_measured() -> Iterator[Waited]:
    """Add up the waits of the requests made inside."""
    waited = Waited()
    token = _WAITED.set(waited)
    try:
        yield waited
    finally:
        _WAITED.reset(token)


def waited_for_turn(seconds: float) -> None:
    """Note a request and its wait, where somebody measures."""
    if (waited := _WAITED.get()) is not None:
        waited.seconds += seconds
        waited.requests += 1
