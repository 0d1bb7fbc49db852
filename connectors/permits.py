"""Whether a write may still leave: whoever let it out is asked once more, right before it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ALLOWED: ContextVar[Callable[[], bool] | None] = ContextVar("allowed", default=None)


@contextmanager
def only_while(allowed: Callable[[], bool]) -> Iterator[None]:
    """Let the writes made inside leave only while this holds; a wait, or a frozen machine, may outlast it."""
    token = _ALLOWED.set(allowed)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def may_leave() -> bool:
    """Tell whether a write may leave now; True where nobody said a condition."""
    allowed = _ALLOWED.get()
    return allowed is None or allowed()
