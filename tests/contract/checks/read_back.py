"""Reading back: what is really so, whatever the platform answered before."""

from __future__ import annotations

from connectors.contract import Outcome, Quality, Sight
from connectors.errors import ConnectorError
from tests.contract.acts import by_step, look, revoke_one
from tests.contract.stage import Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()


@CHAPTER.check(Need.READS_BACK)
async def whoever_is_there_is_seen_in_every_group_over_all_pages(stage: Stage) -> None:
    seen = await look(stage, *(stage.revocation(group) for group in stage.cast.groups))
    assert [presence.sight for presence in seen] == [Sight.PRESENT] * len(stage.cast.groups)
    assert {presence.evidence.quality for presence in seen} == {Quality.OBSERVED}


@CHAPTER.check(Need.READS_BACK, Need.REVOKES)
async def whoever_was_removed_is_seen_absent_and_only_there(stage: Stage) -> None:
    gone, kept = (stage.revocation(group) for group in stage.cast.groups[:2])
    await revoke_one(stage, gone)
    seen = await look(stage, gone, kept)
    assert by_step(seen) == {gone.step_id: Sight.ABSENT, kept.step_id: Sight.PRESENT}
    assert {presence.evidence.quality for presence in seen} == {Quality.OBSERVED}


@CHAPTER.check(Need.READS_BACK)
async def whoever_never_was_there_is_seen_absent(stage: Stage) -> None:
    (presence,) = await look(stage, stage.revocation(stage.cast.outside))
    assert presence.sight is Sight.ABSENT


@CHAPTER.check(Need.READS_BACK, (Fault.KEPT, Place.WRITE))
async def an_ok_that_kept_the_member_is_seen_through(stage: Stage) -> None:
    step = stage.revocation(stage.cast.groups[0])
    await stage.inject(Fault.KEPT, Place.WRITE)
    assert (await revoke_one(stage, step)).outcome is Outcome.REVOKED
    (presence,) = await look(stage, step)
    assert presence.sight is Sight.PRESENT


@CHAPTER.check(Need.READS_BACK, (Fault.DELAYED, Place.WRITE))
async def a_delayed_effect_is_present_first_and_absent_later(stage: Stage) -> None:
    step = stage.revocation(stage.cast.groups[0])
    await stage.inject(Fault.DELAYED, Place.WRITE)
    await revoke_one(stage, step)
    (early,) = await look(stage, step)
    await stage.settle()
    (late,) = await look(stage, step)
    assert (early.sight, late.sight) == (Sight.PRESENT, Sight.ABSENT)


@CHAPTER.check(Need.READS_BACK, (Fault.UNREADABLE, Place.READ_BACK))
async def a_refused_read_is_never_an_absence(stage: Stage) -> None:
    step = stage.revocation(stage.cast.groups[0])
    await stage.inject(Fault.UNREADABLE, Place.READ_BACK)
    (presence,) = await look(stage, step)
    assert presence.sight is Sight.UNREADABLE
    assert presence.evidence.quality is not Quality.OBSERVED


@CHAPTER.check(Need.READS_BACK, (Fault.SERVER_ERROR, Place.READ_BACK))
async def a_broken_read_is_never_an_absence(stage: Stage) -> None:
    await _nothing_claimed(stage, Fault.SERVER_ERROR)


@CHAPTER.check(Need.READS_BACK, (Fault.PAGE_MISSING, Place.READ_BACK))
async def a_read_without_its_last_page_is_never_an_absence(stage: Stage) -> None:
    await _nothing_claimed(stage, Fault.PAGE_MISSING)


@CHAPTER.check(Need.READS_BACK, Need.HIDDEN_GROUPS)
async def a_group_nothing_can_read_is_unreadable(stage: Stage) -> None:
    steps = [stage.revocation(group) for group in sorted(stage.cast.hidden)]
    seen = await look(stage, *steps)
    assert {presence.sight for presence in seen} == {Sight.UNREADABLE}


@CHAPTER.check(Need.READS_BACK, Need.DEACTIVATES)
async def a_closed_account_is_locked_out_or_seen_as_it_really_is(stage: Stage) -> None:
    group = stage.cast.groups[0]
    await stage.deactivate(stage.cast.leaver)
    (presence,) = await look(stage, stage.revocation(group))
    still_there = stage.cast.leaver.id in (await stage.truth())[group]
    assert presence.sight in {Sight.LOCKED_OUT, Sight.PRESENT if still_there else Sight.ABSENT}


@CHAPTER.check(Need.READS_BACK, Need.LISTS_MEMBERSHIPS)
async def all_groups_of_a_person_are_read_back_with_the_fewest_calls(stage: Stage) -> None:
    steps = [stage.revocation(group) for group in stage.cast.groups]
    before = len(await stage.calls())
    await look(stage, *steps)
    assert len(await stage.calls()) - before <= stage.cast.read_back_calls


@CHAPTER.check(Need.NO_API)
async def what_only_a_person_can_see_is_unreadable_and_unknown(stage: Stage) -> None:
    seen = await look(stage, *(stage.revocation(group) for group in stage.cast.groups))
    assert {presence.sight for presence in seen} == {Sight.UNREADABLE}
    assert {presence.evidence.quality for presence in seen} == {Quality.UNKNOWN}


async def _nothing_claimed(stage: Stage, fault: Fault) -> None:
    """Everybody is there: a read-back under a fault may see that, say it cannot read, or raise."""
    steps = [stage.revocation(group) for group in stage.cast.groups]
    await stage.inject(fault, Place.READ_BACK)
    try:
        seen = await look(stage, *steps)
    except ConnectorError:
        return
    assert {presence.sight for presence in seen} <= {Sight.PRESENT, Sight.UNREADABLE}
