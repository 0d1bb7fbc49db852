"""Which request from outside an act answers: while it is set, the act's entries carry its id."""

from __future__ import annotations

from contextvars import ContextVar

ASKED: ContextVar[str | None] = ContextVar("bawab_asked", default=None)
"""The id of the request being answered; entries that name a request of their own keep that."""
