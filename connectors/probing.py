"""Looking whether a platform is back: one request at a time and one try each, until one is answered.

What goes as usual can be watched as well, and becomes careful as soon as the platform is doubted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from connectors.errors import HeldBack, Unavailable


@dataclass(slots=True)
class Probe:
    """What is known of the platform since the probe began."""

    answered: bool = False
    failed: str = ""
    lost: int = 0
    """Requests in a row, each try counted, to which no usable answer came."""
    careful: bool = True
    """Whether one request asks for all; else they leave as usual, and are only counted."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_PROBE: ContextVar[Probe | None] = ContextVar("probe", default=None)


@contextmanager
def probing(*, careful: bool = True) -> Iterator[Probe]:
    """Let whatever is asked inside leave as a probe: a platform that is down costs one request.

    Not `careful`: as usual, until somebody sets the probe's `careful`.
    """
    probe = Probe(careful=careful)
    token = _PROBE.set(probe)
    try:
        yield probe
    finally:
        _PROBE.reset(token)


def current() -> Probe | None:
    """Give the probe that whatever is asked here belongs to, answered or not."""
    return _PROBE.get()


def take_part(probe: Probe | None) -> None:
    """Let what is asked from here on, in this context, belong to a probe begun in another."""
    _PROBE.set(probe)


def under_way() -> Probe | None:
    """Give the probe this request belongs to, while it must be careful and nothing was answered in it."""
    probe = _PROBE.get()
    return None if probe is None or probe.answered or not probe.careful else probe


def tries_of(most: int) -> int:
    """How often a read is tried: once where the platform may be down, which may turn out between two."""
    return 1 if under_way() is not None else most


def noted(*, answered: bool) -> None:
    """Note one try of a request: whether a usable answer came."""
    if (probe := _PROBE.get()) is not None:
        probe.lost = 0 if answered else probe.lost + 1


@asynccontextmanager
async def asked(what: str, *, answers: type[Exception]) -> AsyncIterator[None]:
    """Wrap one request and its answer; raises Unavailable, with nothing sent, where the probe has failed.

    Requests begun side by side wait for the first of them: only its answer lets them out. `answers`: the
    error that is an answer all the same, a refusal for now.
    """
    probe = under_way()
    if probe is None:
        yield
        return
    async with probe._turn:  # noqa: SLF001 - the lock is the probe's, and this its only user
        if probe.failed or probe.lost:
            why = probe.failed or "nor what was asked before"
            raise Unavailable(f"{what}: not asked, because the platform did not answer: {why}")
        try:
            yield
        except HeldBack:
            raise  # nothing left: of the platform it says nothing
        except answers:
            probe.answered = True
            raise
        except Exception as error:
            probe.failed = str(error)
            raise
        probe.answered = True
