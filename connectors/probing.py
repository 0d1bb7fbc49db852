"""Looking whether a platform is back: one request at a time and one try each, until one is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from connectors.errors import Unavailable


@dataclass(slots=True)
class Probe:
    """What is known of the platform since the probe began."""

    answered: bool = False
    failed: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_PROBE: ContextVar[Probe | None] = ContextVar("probe", default=None)


@contextmanager
def probing() -> Iterator[Probe]:
    """Let whatever is asked inside leave as a probe: a platform that is down costs one request."""
    probe = Probe()
    token = _PROBE.set(probe)
    try:
        yield probe
    finally:
        _PROBE.reset(token)


def under_way() -> Probe | None:
    """Give the probe this request belongs to, as long as nothing was answered in it."""
    probe = _PROBE.get()
    return None if probe is None or probe.answered else probe


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
        if probe.failed:
            raise Unavailable(f"{what}: not asked, because the platform did not answer: {probe.failed}")
        try:
            yield
        except answers:
            probe.answered = True
            raise
        except Exception as error:
            probe.failed = str(error)
            raise
        probe.answered = True
