"""Whether a listing made a while ago may stand for an account: not where something is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NOW: ContextVar[bool] = ContextVar("as it is now", default=False)


@contextmanager
def as_it_is_now() -> Iterator[None]:
    """Have accounts that are asked for inside read anew, whatever was listed lately."""
    token = _NOW.set(True)
    try:
        yield
    finally:
        _NOW.reset(token)


def must_be_now() -> bool:
    """Tell whether an account must be read anew here."""
    return _NOW.get()
