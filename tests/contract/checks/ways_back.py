"""The way back: what can be closed is found, closed and seen closed; links stay secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from connectors.contract import ClosesTheWayBack, Closing, Outcome, Presence, Quality, Result, Sight, WayBack
from connectors.errors import ConnectorError, Forbidden
from policies.model import Gap, Group, Manner
from tests.contract.acts import DONE, GONE, everything_in, revoke_one, whole, writes
from tests.contract.stage import Fault, HasADoor, KnowsWaysBack, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()
NOBODY_KNOWS = {Outcome.UNKNOWN, Outcome.UNAVAILABLE}


def _ways(stage: Stage) -> KnowsWaysBack:
    assert isinstance(stage, KnowsWaysBack), (
        "the manifest claims close_way_back; the stage must know the ways"
    )
    return stage


def _groups(stage: Stage) -> list[Group]:
    return [stage.revocation(group).membership.group for group in stage.cast.groups]


async def _read(stage: Stage) -> list[WayBack | Gap]:
    assert isinstance(stage.connector, ClosesTheWayBack)
    return await whole(stage.connector.ways_back(stage.cast.leaver, _groups(stage)))


async def _found(stage: Stage) -> list[Closing]:
    ways = [item for item in await _read(stage) if isinstance(item, WayBack)]
    assert ways, "the stage has ways back that can be closed, and none was found"
    return [Closing(f"close-{number}", stage.cast.leaver, way) for number, way in enumerate(ways)]


async def _close(stage: Stage, step: Closing) -> Result:
    assert isinstance(stage.connector, ClosesTheWayBack)
    return await stage.connector.close_way_back(step)


async def _seen(stage: Stage, steps: Sequence[Closing]) -> list[Presence]:
    assert isinstance(stage.connector, ClosesTheWayBack)
    return [await stage.connector.way_back_open(step) for step in steps]


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def every_way_back_is_closed_and_really_leads_in_no_longer(stage: Stage) -> None:
    before, members = await _ways(stage).ways_in(), await stage.truth()
    assert before
    for step in await _found(stage):
        result = await _close(stage, step)
        assert (result.step_id, result.outcome in DONE) == (step.step_id, True)
    assert not before & await _ways(stage).ways_in()
    assert await stage.truth() == members


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def a_way_back_is_seen_open_before_and_closed_after(stage: Stage) -> None:
    steps = await _found(stage)
    before = await _seen(stage, steps)
    for step in steps:
        await _close(stage, step)
    after = await _seen(stage, steps)
    assert {presence.sight for presence in before} == {Sight.PRESENT}
    assert {presence.sight for presence in after} == {Sight.ABSENT}
    assert {presence.evidence.quality for presence in (*before, *after)} == {Quality.OBSERVED}


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def looking_for_ways_back_changes_none_and_finds_the_same_again(stage: Stage) -> None:
    # Some platforms make a link at the first look, so the second and third are compared.
    await _read(stage)
    before = await _ways(stage).ways_in()
    assert await _read(stage) == await _read(stage)
    assert await _ways(stage).ways_in() == before
    assert await writes(stage) == 0


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def closing_twice_is_safe(stage: Stage) -> None:
    before, members = await _ways(stage).ways_in(), await stage.truth()
    steps = await _found(stage)
    for step in steps:
        await _close(stage, step)
        assert (await _close(stage, step)).outcome in GONE
    assert {presence.sight for presence in await _seen(stage, steps)} == {Sight.ABSENT}
    assert not before & await _ways(stage).ways_in()
    assert await stage.truth() == members


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def what_only_people_can_close_has_a_reason_and_a_remedy(stage: Stage) -> None:
    gaps = [item for item in await _read(stage) if isinstance(item, Gap)]
    assert all(gap.reason and gap.remedy for gap in gaps)


@CHAPTER.check(Need.CLOSES_WAYS_BACK)
async def no_link_is_in_anything_the_connector_gives(stage: Stage) -> None:
    """A link is as good as a key, the new one no less than the one it replaces."""
    given: list[object] = [await _read(stage)]
    links = set(await _ways(stage).links())
    steps = await _found(stage)
    given += [await _close(stage, step) for step in steps]
    given += await _seen(stage, steps)
    links |= await _ways(stage).links()
    text = "\n".join(everything_in(thing) for thing in given)
    assert not [link for link in links if link in text]


@CHAPTER.check(Need.CLOSES_WAYS_BACK, read_only=True)
async def a_dry_run_closes_nothing(stage: Stage) -> None:
    steps = await _found(stage)
    before = await _ways(stage).ways_in()
    try:
        result = await _close(stage, steps[0])
    except Forbidden:
        pass
    else:
        assert result.outcome not in DONE
    assert await writes(stage) == 0
    assert await _ways(stage).ways_in() == before


@CHAPTER.check(Need.CLOSES_WAYS_BACK, (Fault.KEPT, Place.CLOSE))
async def an_ok_that_closed_nothing_is_seen_through(stage: Stage) -> None:
    steps = await _found(stage)
    await stage.inject(Fault.KEPT, Place.CLOSE)
    assert (await _close(stage, steps[0])).outcome in DONE
    assert [presence.sight for presence in await _seen(stage, steps[:1])] == [Sight.PRESENT]


@CHAPTER.check(Need.CLOSES_WAYS_BACK, (Fault.UNREADABLE, Place.WAYS))
async def a_way_back_that_cannot_be_read_is_not_said_to_be_closed(stage: Stage) -> None:
    steps = await _found(stage)
    await stage.inject(Fault.UNREADABLE, Place.WAYS)
    (presence,) = await _seen(stage, steps[:1])
    assert presence.sight is Sight.UNREADABLE
    assert presence.evidence.quality is not Quality.OBSERVED


@CHAPTER.check(Need.CLOSES_WAYS_BACK, (Fault.ANSWER_LOST, Place.CLOSE))
async def a_closing_whose_answer_was_lost_is_unknown_until_it_is_read_back(stage: Stage) -> None:
    steps = await _found(stage)
    await stage.inject(Fault.ANSWER_LOST, Place.CLOSE)
    assert (await _close(stage, steps[0])).outcome is Outcome.UNKNOWN
    assert [presence.sight for presence in await _seen(stage, steps[:1])] == [Sight.ABSENT]


@CHAPTER.check(Need.REVOKES, Need.BARS)
async def whoever_is_barred_stays_out_and_whoever_is_only_removed_may_come_back(stage: Stage) -> None:
    assert isinstance(stage, HasADoor), "the harness declares that the platform bars"
    barred, removed = stage.cast.groups[:2]
    for group, manner in ((barred, Manner.BAR), (removed, Manner.KICK)):
        step = replace(stage.revocation(group), manner=manner)
        assert (await revoke_one(stage, step)).outcome in DONE
    assert not await stage.comes_in(barred, stage.cast.leaver)
    assert await stage.comes_in(removed, stage.cast.leaver)


async def _never_a_success(stage: Stage, fault: Fault) -> None:
    steps = await _found(stage)
    before = await _ways(stage).ways_in()
    await stage.inject(fault, Place.CLOSE)
    try:
        result = await _close(stage, steps[0])
    except ConnectorError:
        pass
    else:
        assert result.outcome in NOBODY_KNOWS
    assert await _ways(stage).ways_in() == before


def _broken(fault: Fault) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: _never_a_success(stage, fault)


for _fault in (Fault.SERVER_ERROR, Fault.DROPPED, Fault.EMPTY_ANSWER, Fault.MALFORMED_ANSWER):
    _name = f"closing_under_{_fault}_is_never_a_success"
    CHAPTER.add(_name, _broken(_fault), Need.CLOSES_WAYS_BACK, (_fault, Place.CLOSE))
