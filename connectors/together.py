"""Carries out acts side by side and gives one result per step; after a 'not now' nothing more leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from connectors.contract import Outcome, Result
from connectors.errors import ConnectorError, HeldBack, NotSupported, Unavailable
from connectors.evidence import not_answered, without_call

_SOURCE = "revoke"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """One act for one step or several; a ConnectorError out of `run` means that it sent nothing."""

    step_ids: tuple[str, ...]
    run: Callable[[], Awaitable[Sequence[Result]]]


@dataclass(slots=True)
class _Course:
    """How far it has come: what is known per step, and what stopped the rest."""

    results: dict[str, Result] = field(default_factory=dict)
    errors: dict[str, ConnectorError] = field(default_factory=dict)
    stop: ConnectorError | None = None


async def together(lines: Sequence[Sequence[Job]], abreast: int) -> dict[str, Result]:
    """Run the jobs of one line one after another, and at most `abreast` lines at a time.

    Once one is refused for now, or cannot be sent, no further job begins: its steps come back as
    `rate_limited` or `unavailable` with nothing sent. Raises the ConnectorError only where no job at all
    was carried out, so that it still means: nothing was sent.
    """
    course = _Course()
    waiting = iter(lines)
    workers = min(abreast, len(lines))
    if workers == 1:
        await _work(waiting, course)
    else:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_work(waiting, course))
    if course.errors and not course.results:
        raise next(iter(course.errors.values()))
    unsent = {step_id: _unsent(step_id, error) for step_id, error in course.errors.items()}
    return course.results | unsent


async def abreast(reads: Sequence[Callable[[], Awaitable[T]]], most: int) -> list[T]:
    """Await reads, at most `most` at a time; gives their answers in order, or raises what one raised."""
    found: dict[int, T] = {}
    waiting = iter(enumerate(reads))

    async def work() -> None:
        for index, read in waiting:
            found[index] = await read()

    if min(most, len(reads)) <= 1:
        await work()
    else:
        workers = [asyncio.ensure_future(work()) for _ in range(min(most, len(reads)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
    return [found[index] for index in range(len(reads))]


async def _work(waiting: Iterator[Sequence[Job]], course: _Course) -> None:
    for line in waiting:
        for job in line:
            await _one(job, course)


async def _one(job: Job, course: _Course) -> None:
    if course.stop is not None:
        course.errors |= dict.fromkeys(job.step_ids, course.stop)
        return
    try:
        results = await job.run()
    except ConnectorError as error:
        course.errors |= dict.fromkeys(job.step_ids, error)
        course.stop = error
        return
    course.results |= {result.step_id: result for result in results}
    limited = [result for result in results if result.outcome is Outcome.RATE_LIMITED]
    if limited and course.stop is None:
        waits = [result.retry_after for result in limited if result.retry_after is not None]
        said = "another step beside it was refused for now; nothing was sent"
        course.stop = HeldBack(said, retry_after=max(waits, default=None))


def _unsent(step_id: str, error: ConnectorError) -> Result:
    if isinstance(error, NotSupported):
        return Result(step_id, Outcome.NO_API, without_call(_SOURCE, ("sent", "no")), detail=str(error))
    if isinstance(error, Unavailable):
        return not_answered(step_id, _SOURCE, error)
    return Result(step_id, Outcome.UNAVAILABLE, without_call(_SOURCE, ("sent", "no")), detail=str(error))
