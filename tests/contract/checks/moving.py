"""Groups that go on under another id: followed by what the platform says, never taken for gone."""

from __future__ import annotations

from connectors.contract import Outcome, Sight
from tests.contract.acts import DONE, look, revoke_one, without
from tests.contract.stage import MovesGroups, Need, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()


def _moving(stage: Stage) -> MovesGroups:
    assert isinstance(stage, MovesGroups), "the harness declares that groups move; the stage must move one"
    return stage


@CHAPTER.check(Need.REVOKES, Need.MOVES)
async def a_group_that_moved_is_answered_with_its_new_id_or_followed(stage: Stage) -> None:
    old = stage.revocation(_moving(stage).movable)
    new = await _moving(stage).move()
    before = await stage.truth()
    result = await revoke_one(stage, old)
    if result.outcome is Outcome.MOVED:
        assert result.new_group_id == new
        assert await stage.truth() == before
        result = await revoke_one(stage, stage.revocation(new))
    assert result.outcome in DONE
    assert await stage.truth() == without(before, stage.cast.leaver.id, [new])


@CHAPTER.check(Need.READS_BACK, Need.MOVES)
async def whoever_is_in_a_group_that_moved_is_never_seen_absent_from_it(stage: Stage) -> None:
    old = stage.revocation(_moving(stage).movable)
    await _moving(stage).move()
    (presence,) = await look(stage, old)
    assert presence.sight in {Sight.PRESENT, Sight.UNREADABLE}
