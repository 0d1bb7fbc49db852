"""Revoking: exactly the right person, from exactly the right group, and one honest result per step."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Outcome
from policies.model import Refusal
from tests.contract.acts import DONE, GONE, by_step, caught, look, revoke_all, revoke_one, without, writes
from tests.contract.stage import RETRY_AFTER, Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()


@CHAPTER.check(Need.REVOKES)
async def exactly_one_membership_ends_and_nothing_else_changes(stage: Stage) -> None:
    before = await stage.truth()
    group = stage.cast.groups[1]
    result = await revoke_one(stage, stage.revocation(group))
    assert result.outcome in DONE
    assert await stage.truth() == without(before, stage.cast.leaver.id, [group])


@CHAPTER.check(Need.REVOKES)
async def the_id_decides_though_the_email_belongs_to_somebody_else_now(stage: Stage) -> None:
    """The leaver's e-mail has passed to the namesake, as a reused address does."""
    cast = stage.cast
    stale = replace(cast.leaver, email=cast.namesake.email)
    await revoke_one(stage, stage.revocation(cast.groups[0], stale))
    assert cast.namesake.id in (await stage.truth())[cast.groups[0]]


@CHAPTER.check()
async def one_result_per_step_in_the_order_asked(stage: Stage) -> None:
    steps = [stage.revocation(group) for group in reversed(stage.cast.groups)]
    asked = steps[: stage.connector.capabilities.batch]
    results = await stage.connector.revoke(asked)
    assert [result.step_id for result in results] == [step.step_id for step in asked]
    seen = await look(stage, *steps)
    assert [presence.step_id for presence in seen] == [step.step_id for step in steps]


@CHAPTER.check()
async def no_step_asked_is_no_step_done(stage: Stage) -> None:
    before = await stage.truth()
    assert list(await stage.connector.revoke([])) == []
    assert list(await stage.connector.read_back([])) == []
    assert await stage.truth() == before
    assert await writes(stage) == 0


@CHAPTER.check()
async def more_steps_than_the_batch_are_refused_whole(stage: Stage) -> None:
    before = await stage.truth()
    step = stage.revocation(stage.cast.groups[0])
    size = stage.connector.capabilities.batch + 1
    many = [replace(step, step_id=f"step-{number}") for number in range(size)]
    assert await caught(stage.connector.revoke(many)) is not None, f"{size} steps were taken in one call"
    assert await stage.truth() == before
    assert await writes(stage) == 0


@CHAPTER.check()
async def two_account_ids_that_differ_are_refused_before_anything_is_sent(stage: Stage) -> None:
    before = await stage.truth()
    step = replace(stage.revocation(stage.cast.groups[0]), account_id=stage.cast.namesake.id)
    result = await revoke_one(stage, step)
    assert result.outcome is Outcome.REFUSED
    assert result.refusal is not None
    assert await stage.truth() == before
    assert await writes(stage) == 0


@CHAPTER.check(Need.REVOKES)
async def revoking_twice_leaves_the_world_as_after_the_first(stage: Stage) -> None:
    step = stage.revocation(stage.cast.groups[0])
    await revoke_one(stage, step)
    after_first = await stage.truth()
    assert (await revoke_one(stage, step)).outcome in GONE
    assert await stage.truth() == after_first


@CHAPTER.check(Need.REVOKES)
async def somebody_who_is_not_there_is_said_absent_and_nothing_changes(stage: Stage) -> None:
    before = await stage.truth()
    result = await revoke_one(stage, stage.revocation(stage.cast.outside))
    assert result.outcome is Outcome.SAID_ABSENT
    assert await stage.truth() == before


@CHAPTER.check(Need.OWN_ACCOUNT)
async def the_bot_knows_its_own_account_and_refuses_to_remove_it(stage: Stage) -> None:
    bot = stage.cast.bot
    assert bot is not None
    assert bot.id in await stage.connector.own_account_ids()
    await _refused(stage, stage.cast.groups[0], Refusal.BOT_ITSELF, account=True)
    assert await writes(stage) == 0


@CHAPTER.check(Need.REVOKES, Need.OWNERS)
async def the_last_owner_is_never_removed(stage: Stage) -> None:
    await _refused(stage, stage.cast.owned, Refusal.LAST_OWNER)
    assert await writes(stage) == 0


@CHAPTER.check(Need.REVOKES, Need.DEFAULT_GROUP)
async def the_default_group_is_refused_with_its_reason(stage: Stage) -> None:
    await _refused(stage, stage.cast.default, Refusal.DEFAULT_GROUP)


@CHAPTER.check(Need.REVOKES, Need.USER_GROUPS)
async def a_user_group_loses_one_member_and_keeps_all_others(stage: Stage) -> None:
    before = await stage.truth()
    group = stage.cast.user_group
    assert len(before[group]) > 2
    assert (await revoke_one(stage, stage.revocation(group))).outcome in DONE
    assert await stage.truth() == without(before, stage.cast.leaver.id, [group])


@CHAPTER.check(Need.REVOKES, Need.USER_GROUPS)
async def the_last_member_of_a_user_group_is_refused(stage: Stage) -> None:
    await _refused(stage, stage.cast.user_group_alone, Refusal.LAST_MEMBER)
    assert await writes(stage) == 0


@CHAPTER.check(Need.REVOKES, (Fault.NO_RIGHT, Place.WRITE))
async def a_failing_group_does_not_stop_the_others(stage: Stage) -> None:
    before = await stage.truth()
    groups = stage.cast.groups[:4]
    await stage.inject(Fault.NO_RIGHT, Place.WRITE, groups[1])
    steps = [stage.revocation(group) for group in groups]
    said = by_step(await revoke_all(stage, steps))
    assert [said[step.step_id] in DONE for step in steps] == [True, False, True, True]
    others = [group for group in groups if group != groups[1]]
    assert await stage.truth() == without(before, stage.cast.leaver.id, others)


@CHAPTER.check(Need.REVOKES, (Fault.RATE_LIMITED, Place.WRITE))
async def a_limit_on_one_step_is_that_steps_alone_and_every_answer_is_true(stage: Stage) -> None:
    before = await stage.truth()
    groups = stage.cast.groups[:4]
    await stage.inject(Fault.RATE_LIMITED, Place.WRITE, groups[1])
    results = {r.step_id: r for r in await revoke_all(stage, [stage.revocation(group) for group in groups])}
    outcomes = {group: results[stage.revocation(group).step_id].outcome for group in groups}
    assert outcomes[groups[1]] is Outcome.RATE_LIMITED
    # Others may be told to wait as well, but nobody is said to be out who is in, or the other way round.
    assert set(outcomes.values()) <= DONE | {Outcome.RATE_LIMITED}
    ended = [group for group in groups if outcomes[group] in DONE]
    assert groups[0] in ended
    assert await stage.truth() == without(before, stage.cast.leaver.id, ended)
    waits = [result.retry_after for result in results.values() if result.outcome is Outcome.RATE_LIMITED]
    assert all(wait is not None and 0 < wait <= 2 * RETRY_AFTER for wait in waits)


@CHAPTER.check(Need.NO_API)
async def without_an_interface_every_step_is_said_to_need_a_person(stage: Stage) -> None:
    before = await stage.truth()
    results = await revoke_all(stage, [stage.revocation(group) for group in stage.cast.groups])
    assert {result.outcome for result in results} == {Outcome.NO_API}
    assert all(result.remedy for result in results)
    assert await stage.truth() == before


async def _refused(stage: Stage, group: str, reason: Refusal, *, account: bool = False) -> None:
    """Demand that a step is refused with this reason and a remedy or detail, and that nothing changes."""
    before = await stage.truth()
    result = await revoke_one(stage, stage.revocation(group, stage.cast.bot if account else None))
    assert result.outcome is Outcome.REFUSED
    assert result.refusal is reason
    assert await stage.truth() == before
