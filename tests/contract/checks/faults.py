"""Faults while writing: each has its own outcome, and none of them is ever a success."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.contract import Outcome, Sight
from connectors.errors import BadCredentials, MissingScope
from policies.model import Refusal
from tests.contract.acts import caught, look, revoke_all, revoke_one, without
from tests.contract.stage import RETRY_AFTER, Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()
NOBODY_KNOWS = {Outcome.UNKNOWN, Outcome.UNAVAILABLE}


async def _own_refusal(stage: Stage, fault: Fault, reason: Refusal) -> None:
    group = stage.cast.groups[0]
    await stage.inject(fault, Place.WRITE, group)
    # After the fault, which may itself change the world: a bot thrown out, a group deleted.
    before = await stage.truth()
    result = await revoke_one(stage, stage.revocation(group))
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, reason)
    assert result.remedy, "a refusal says what to do"
    assert await stage.truth() == before


@CHAPTER.check(Need.REVOKES, (Fault.NO_RIGHT, Place.WRITE))
async def a_missing_right_is_its_own_refusal(stage: Stage) -> None:
    await _own_refusal(stage, Fault.NO_RIGHT, Refusal.NO_RIGHT)


@CHAPTER.check(Need.REVOKES, (Fault.BOT_NOT_IN_GROUP, Place.WRITE))
async def a_group_the_bot_is_not_in_is_its_own_refusal_and_never_an_absence(stage: Stage) -> None:
    await _own_refusal(stage, Fault.BOT_NOT_IN_GROUP, Refusal.BOT_NOT_IN_GROUP)


@CHAPTER.check(Need.REVOKES, (Fault.GROUP_GONE, Place.WRITE))
async def a_group_that_is_gone_is_its_own_refusal(stage: Stage) -> None:
    await _own_refusal(stage, Fault.GROUP_GONE, Refusal.GROUP_GONE)


@CHAPTER.check(Need.REVOKES, (Fault.MISSING_SCOPE, Place.WRITE))
async def a_missing_scope_is_told_apart_and_names_its_remedy(stage: Stage) -> None:
    before = await stage.truth()
    await stage.inject(Fault.MISSING_SCOPE, Place.WRITE)
    try:
        result = await revoke_one(stage, stage.revocation(stage.cast.groups[0]))
    except MissingScope as error:
        assert error.needed  # noqa: PT017 - raising it is one of two right answers
    else:
        assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.MISSING_SCOPE)
        assert result.remedy
    assert await stage.truth() == before


@CHAPTER.check(Need.REVOKES, (Fault.RATE_LIMITED, Place.WRITE))
async def a_rate_limit_is_said_with_the_seconds_to_wait(stage: Stage) -> None:
    before = await stage.truth()
    await stage.inject(Fault.RATE_LIMITED, Place.WRITE)
    result = await revoke_one(stage, stage.revocation(stage.cast.groups[0]))
    assert result.outcome is Outcome.RATE_LIMITED
    assert result.retry_after is not None
    assert result.retry_after >= RETRY_AFTER
    assert await stage.truth() == before


async def _never_a_success(stage: Stage, fault: Fault) -> None:
    before = await stage.truth()
    await stage.inject(fault, Place.WRITE)
    result = await revoke_one(stage, stage.revocation(stage.cast.groups[0]))
    assert result.outcome in NOBODY_KNOWS
    assert result.refusal is None
    assert await stage.truth() == before


def _broken_write(fault: Fault) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: _never_a_success(stage, fault)


for _fault in (
    Fault.SERVER_ERROR,
    Fault.DROPPED,
    Fault.SILENCE,
    Fault.EMPTY_ANSWER,
    Fault.MALFORMED_ANSWER,
):
    CHAPTER.add(
        f"revoking_under_{_fault}_is_never_a_success",
        _broken_write(_fault),
        Need.REVOKES,
        (_fault, Place.WRITE),
    )


@CHAPTER.check(Need.REVOKES, Need.READS_BACK, (Fault.ANSWER_LOST, Place.WRITE))
async def a_lost_answer_is_unknown_until_it_is_read_back(stage: Stage) -> None:
    before = await stage.truth()
    group = stage.cast.groups[0]
    await stage.inject(Fault.ANSWER_LOST, Place.WRITE)
    step = stage.revocation(group)
    assert (await revoke_one(stage, step)).outcome is Outcome.UNKNOWN
    assert await stage.truth() == without(before, stage.cast.leaver.id, [group])
    (presence,) = await look(stage, step)
    assert presence.sight is Sight.ABSENT


@CHAPTER.check(Need.REVOKES, (Fault.TOKEN_REVOKED, Place.WRITE))
async def a_revoked_token_calls_an_operator_and_nothing_changes(stage: Stage) -> None:
    before = await stage.truth()
    await stage.inject(Fault.TOKEN_REVOKED, Place.WRITE)
    error = await caught(stage.connector.revoke([stage.revocation(stage.cast.groups[0])]))
    assert isinstance(error, BadCredentials)
    assert str(error)
    assert await stage.truth() == before


@CHAPTER.check(Need.REVOKES, (Fault.TOKEN_REVOKED, Place.WRITE))
async def an_exception_means_that_nothing_was_sent(stage: Stage) -> None:
    """A token that dies between two steps of one call must not take the first step's result with it."""
    before = await stage.truth()
    steps = [stage.revocation(group) for group in stage.cast.groups[: stage.connector.capabilities.batch]]
    await stage.inject(Fault.TOKEN_REVOKED, Place.WRITE, steps[-1].membership.group.id)
    error = await caught(revoke_all(stage, steps))
    assert error is None or await stage.truth() == before
