"""What checks do again and again: read whole, revoke in batches, catch, and compare worlds."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from typing import TypeVar

from connectors.contract import Outcome, Presence, Result, Revocation, Sight
from connectors.errors import ConnectorError
from policies.model import Gap, Membership
from tests.contract.stage import Stage

T = TypeVar("T")
World = Mapping[str, frozenset[str]]
DONE = {Outcome.REVOKED, Outcome.REQUESTED}
"""What a platform says of an act it took on; none of it is a success before it was read back."""
GONE = DONE | {Outcome.SAID_ABSENT}


async def whole(stream: AsyncIterator[T]) -> list[T]:
    return [item async for item in stream]


async def memberships(stage: Stage) -> tuple[list[Membership], list[Gap]]:
    """Read all the leaver is in: (memberships, gaps)."""
    read = await whole(stage.connector.memberships(stage.cast.leaver, stage.cast.known))
    found = [item for item in read if isinstance(item, Membership)]
    return found, [item for item in read if isinstance(item, Gap)]


async def revoke_all(stage: Stage, steps: Sequence[Revocation]) -> list[Result]:
    """Revoke any number of steps, no more in one call than the manifest allows."""
    size = stage.connector.capabilities.batch
    results: list[Result] = []
    for start in range(0, len(steps), size):
        results += await stage.connector.revoke(steps[start : start + size])
    return results


async def revoke_one(stage: Stage, step: Revocation) -> Result:
    (result,) = await stage.connector.revoke([step])
    return result


async def look(stage: Stage, *steps: Revocation) -> list[Presence]:
    return list(await stage.connector.read_back(steps))


async def caught(act: Awaitable[object]) -> Exception | None:
    """Give what an act raises, ConnectorError or the ValueError of a caller's mistake; None if nothing."""
    try:
        await act
    except (ConnectorError, ValueError) as error:
        return error
    return None


def without(world: World, account_id: str, groups: Iterable[str]) -> dict[str, frozenset[str]]:
    """Give the world as it must be once exactly these memberships have ended."""
    ended = set(groups)
    return {id_: members - {account_id} if id_ in ended else members for id_, members in world.items()}


def by_step(answers: Iterable[Result | Presence]) -> dict[str, Outcome | Sight]:
    """Give what was said of each step, whatever the order; only one check is about the order."""
    return {
        answer.step_id: answer.outcome if isinstance(answer, Result) else answer.sight for answer in answers
    }


async def writes(stage: Stage) -> int:
    return sum(call.write for call in await stage.calls())


def everything_in(thing: object) -> str:
    """Give all a log, a trace or a debugger would print of it: its repr, its fields, its causes."""
    parts = [repr(thing), str(thing)]
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        parts.append(repr(dataclasses.asdict(thing)))
    if isinstance(thing, BaseException):
        chained = (thing.__cause__, thing.__context__)
        parts += [repr(thing.args), repr(vars(thing)), *(everything_in(link) for link in chained if link)]
    return "\n".join(parts)
