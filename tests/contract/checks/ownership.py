"""Handing over: somebody else is owner before the last one goes, and is seen to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.contract import Outcome, Presence, Promotion, Quality, Result, Sight, TransfersOwnership
from connectors.errors import ConnectorError, Forbidden
from policies.model import Refusal
from tests.contract.acts import DONE, GONE, look, revoke_one, without, writes
from tests.contract.stage import RETRY_AFTER, Fault, KnowsOwners, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()
NOBODY_KNOWS = {Outcome.UNKNOWN, Outcome.UNAVAILABLE}


def _owners(stage: Stage) -> KnowsOwners:
    assert isinstance(stage, KnowsOwners), "the manifest claims hand_over; the stage must know the owners"
    return stage


def _step(stage: Stage) -> Promotion:
    """The successor is to own the group whose last owner the leaver is."""
    assert stage.cast.successor is not None
    return _owners(stage).promotion(stage.cast.owned, stage.cast.successor)


async def _promote(stage: Stage, step: Promotion) -> Result:
    assert isinstance(stage.connector, TransfersOwnership)
    return await stage.connector.promote(step)


async def _seen(stage: Stage, step: Promotion) -> Presence:
    assert isinstance(stage.connector, TransfersOwnership)
    return await stage.connector.sole_ownership(step)


async def _owned_by(stage: Stage) -> frozenset[str]:
    return (await _owners(stage).owners())[stage.cast.owned]


@CHAPTER.check(Need.HANDS_OVER)
async def exactly_the_successor_becomes_an_owner_and_nobody_leaves(stage: Stage) -> None:
    members, step, before = await stage.truth(), _step(stage), dict(await _owners(stage).owners())
    assert (await _promote(stage, step)).outcome in DONE
    owners = before | {stage.cast.owned: before[stage.cast.owned] | {step.account.id}}
    assert await _owners(stage).owners() == owners
    assert await stage.truth() == members


@CHAPTER.check(Need.HANDS_OVER)
async def the_sole_owner_is_seen_as_such_before_and_no_longer_after(stage: Stage) -> None:
    step = _step(stage)
    before = await _seen(stage, step)
    await _promote(stage, step)
    after = await _seen(stage, step)
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)
    assert {before.evidence.quality, after.evidence.quality} == {Quality.OBSERVED}
    assert (before.step_id, after.step_id) == (step.step_id, step.step_id)


@CHAPTER.check(Need.HANDS_OVER, Need.REVOKES, Need.READS_BACK)
async def the_last_owner_leaves_once_somebody_else_is_owner_and_not_before(stage: Stage) -> None:
    cast = stage.cast
    before = await stage.truth()
    early = await revoke_one(stage, stage.revocation(cast.owned))
    assert (early.outcome, early.refusal) == (Outcome.REFUSED, Refusal.LAST_OWNER)
    assert await stage.truth() == before
    await _promote(stage, _step(stage))
    late = stage.revocation(cast.owned)
    assert (await revoke_one(stage, late)).outcome in DONE
    assert await stage.truth() == without(before, cast.leaver.id, [cast.owned])
    assert [presence.sight for presence in await look(stage, late)] == [Sight.ABSENT]


@CHAPTER.check(Need.HANDS_OVER)
async def promoting_twice_leaves_the_owners_as_after_the_first(stage: Stage) -> None:
    step = _step(stage)
    await _promote(stage, step)
    first = await _owners(stage).owners()
    assert (await _promote(stage, step)).outcome in GONE
    assert await _owners(stage).owners() == first


@CHAPTER.check(Need.HANDS_OVER)
async def the_leaver_is_never_made_their_own_successor(stage: Stage) -> None:
    before = await _owners(stage).owners()
    result = await _promote(stage, _owners(stage).promotion(stage.cast.owned, stage.cast.leaver))
    assert result.outcome is Outcome.REFUSED
    assert result.refusal is not None
    assert await _owners(stage).owners() == before
    assert await writes(stage) == 0


@CHAPTER.check(Need.HANDS_OVER, read_only=True)
async def a_dry_run_promotes_nobody(stage: Stage) -> None:
    before = await _owners(stage).owners()
    try:
        result = await _promote(stage, _step(stage))
    except Forbidden:
        pass
    else:
        assert result.outcome not in DONE
    assert await writes(stage) == 0
    assert await _owners(stage).owners() == before


@CHAPTER.check(Need.HANDS_OVER, (Fault.KEPT, Place.PROMOTE))
async def an_ok_that_promoted_nobody_is_seen_through(stage: Stage) -> None:
    step = _step(stage)
    await stage.inject(Fault.KEPT, Place.PROMOTE)
    assert (await _promote(stage, step)).outcome in DONE
    assert (await _seen(stage, step)).sight is Sight.PRESENT


@CHAPTER.check(Need.HANDS_OVER, (Fault.DELAYED, Place.PROMOTE))
async def a_delayed_promotion_is_not_seen_before_it_shows(stage: Stage) -> None:
    step = _step(stage)
    await stage.inject(Fault.DELAYED, Place.PROMOTE)
    await _promote(stage, step)
    early = (await _seen(stage, step)).sight
    await stage.settle()
    assert (early, (await _seen(stage, step)).sight) == (Sight.PRESENT, Sight.ABSENT)


@CHAPTER.check(Need.HANDS_OVER, (Fault.UNREADABLE, Place.OWNERS))
async def owners_that_cannot_be_read_prove_nothing(stage: Stage) -> None:
    step = _step(stage)
    await stage.inject(Fault.UNREADABLE, Place.OWNERS)
    seen = await _seen(stage, step)
    assert seen.sight is Sight.UNREADABLE
    assert seen.evidence.quality is not Quality.OBSERVED


@CHAPTER.check(Need.HANDS_OVER, (Fault.ANSWER_LOST, Place.PROMOTE))
async def a_promotion_whose_answer_was_lost_is_unknown_until_it_is_read_back(stage: Stage) -> None:
    step, before = _step(stage), await _owned_by(stage)
    await stage.inject(Fault.ANSWER_LOST, Place.PROMOTE)
    assert (await _promote(stage, step)).outcome is Outcome.UNKNOWN
    assert await _owned_by(stage) == before | {step.account.id}
    assert (await _seen(stage, step)).sight is Sight.ABSENT


@CHAPTER.check(Need.HANDS_OVER, (Fault.RATE_LIMITED, Place.PROMOTE))
async def a_limited_promotion_says_how_long_to_wait(stage: Stage) -> None:
    before = await _owned_by(stage)
    await stage.inject(Fault.RATE_LIMITED, Place.PROMOTE)
    result = await _promote(stage, _step(stage))
    assert result.outcome is Outcome.RATE_LIMITED
    assert result.retry_after is not None
    assert result.retry_after >= RETRY_AFTER
    assert await _owned_by(stage) == before


@CHAPTER.check(Need.HANDS_OVER, (Fault.NO_RIGHT, Place.PROMOTE))
async def a_promotion_without_the_right_is_refused_with_its_remedy(stage: Stage) -> None:
    before = await _owned_by(stage)
    await stage.inject(Fault.NO_RIGHT, Place.PROMOTE, stage.cast.owned)
    result = await _promote(stage, _step(stage))
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)
    assert result.remedy
    assert await _owned_by(stage) == before


async def _never_a_success(stage: Stage, fault: Fault) -> None:
    before = await _owned_by(stage)
    await stage.inject(fault, Place.PROMOTE)
    try:
        result = await _promote(stage, _step(stage))
    except ConnectorError:
        pass
    else:
        assert result.outcome in NOBODY_KNOWS
    assert await _owned_by(stage) == before


def _broken(fault: Fault) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: _never_a_success(stage, fault)


for _fault in (Fault.SERVER_ERROR, Fault.DROPPED, Fault.EMPTY_ANSWER, Fault.MALFORMED_ANSWER):
    _name = f"promoting_under_{_fault}_is_never_a_success"
    CHAPTER.add(_name, _broken(_fault), Need.HANDS_OVER, (_fault, Place.PROMOTE))
