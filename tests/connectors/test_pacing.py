"""The pacing as connectors use it: fair, quiet while refused, several keys together, slow after an outage."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import RateLimit
from connectors.pacing import DEFAULT_PENALTY_SECONDS, MOST_KEYS, Hint, Pacing

MINUTE = RateLimit("minute", 60, 60.0)
TEAM = RateLimit("team", 4, 1.0)
WIDE = RateLimit("wide", 1000, 1.0)
# Only against waiting for ever, in seconds: nothing is said about how quick the machine is.
LONG = 30.0


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def paced(scale: float = 1.0) -> tuple[Pacing, Clock]:
    clock = Clock()
    return Pacing([MINUTE, TEAM, WIDE], scale=scale, clock=clock, wall=clock), clock


async def waits(pacing: Pacing, clock: Clock, calls: int, *, answered: bool = False) -> list[float]:
    """Ask for turns without waiting; each wait asked for is then slept away on the clock."""
    asked = []
    for _ in range(calls):
        missing = await pacing.turn("m", "minute", longest_wait=0.0)
        asked.append(missing or 0.0)
        if missing is not None:
            clock.now += missing + 1e-6
            assert await pacing.turn("m", "minute", longest_wait=0.0) is None
        if answered:
            pacing.accepted("m", "minute")
    return asked


async def let_go() -> None:
    """Let what can go on go on."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_without_an_answer_a_small_burst_then_the_published_pace() -> None:
    pacing, clock = paced()
    asked = await waits(pacing, clock, 12)
    assert asked[:5] == [0.0] * 5
    assert all(wait == pytest.approx(1.0, abs=0.05) for wait in asked[5:])


async def test_answered_one_by_one_the_whole_published_number_leaves_at_once() -> None:
    pacing, clock = paced()
    asked = await waits(pacing, clock, 63, answered=True)
    assert asked[:60] == [0.0] * 60
    assert all(wait == pytest.approx(1.0, abs=0.05) for wait in asked[60:])


@given(st.integers(min_value=1, max_value=300))
async def test_no_more_leaves_than_the_limit_and_one_burst_of_it(calls: int) -> None:
    pacing, clock = paced()
    begin = clock.now
    await waits(pacing, clock, calls, answered=True)
    assert calls <= (clock.now - begin) * MINUTE.calls / MINUTE.seconds * 1.02 + MINUTE.calls + 1


async def test_after_a_refusal_nothing_leaves_before_the_server_said() -> None:
    pacing, clock = paced()
    wait = pacing.refused("m", "minute", 30.0)
    assert 30.0 <= wait < 33.0
    clock.now += 29.9
    assert (await pacing.turn("m", "minute", longest_wait=0.0) or 0.0) > 0.0
    clock.now = 1000.0 + wait
    assert await pacing.turn("m", "minute", longest_wait=0.0) is None


async def test_where_the_server_says_nothing_a_penalty_is_assumed() -> None:
    pacing, _ = paced(scale=0.5)
    assert pacing.refused("m", "minute", None) >= DEFAULT_PENALTY_SECONDS * 0.5


async def test_each_method_has_its_own_pace() -> None:
    pacing, _ = paced()
    pacing.refused("m", "minute", 100.0)
    assert await pacing.turn("other", "minute", longest_wait=0.0) is None


async def test_a_scale_of_nothing_never_waits_but_still_obeys_the_server() -> None:
    pacing, clock = paced(scale=0.0)
    assert set(await waits(pacing, clock, 50)) == {0.0}
    pacing.refused("m", "minute", 5.0)
    assert (await pacing.turn("m", "minute", longest_wait=0.0) or 0.0) >= 5.0


async def test_slowing_down_has_an_end() -> None:
    pacing, clock = paced()
    for _ in range(50):
        clock.now += pacing.refused("m", "minute", 0.0)
    assert 1.0 < pacing.slowdown("m") <= 6.0


async def test_a_server_that_refuses_again_and_again_is_asked_ever_more_rarely() -> None:
    pacing, clock = paced()
    said = []
    for _ in range(6):
        said.append(pacing.refused("m", "minute", 0.0))
        clock.now += said[-1]
    assert said == sorted(said)
    assert said[-1] > 8 * said[0]


async def test_whoever_waits_only_shortly_does_not_stand_behind_one_who_waits_long() -> None:
    pacing, clock = paced(scale=0.0)
    pacing.refused("m", "minute", 0.05)
    patient = asyncio.create_task(pacing.turn("m", "minute", longest_wait=60.0))
    await let_go()
    # The clock stands still: behind the patient one there would be no end to the wait.
    hurried = await asyncio.wait_for(pacing.turn("m", "minute", longest_wait=0.01), LONG)
    assert hurried is not None
    assert 0.0 < hurried <= 0.1
    assert not patient.done()
    clock.now += 1.0
    assert await asyncio.wait_for(patient, LONG) is None


async def test_those_who_wait_leave_in_the_order_they_came() -> None:
    pacing = Pacing([RateLimit("fast", 1, 0.01)])
    order: list[int] = []

    async def one(number: int) -> None:
        assert await pacing.turn("k", "fast", 5.0) is None
        order.append(number)

    await asyncio.gather(*(one(number) for number in range(6)))
    assert order == [0, 1, 2, 3, 4, 5]


async def test_one_who_gives_up_waiting_keeps_nobody_back() -> None:
    pacing = Pacing([RateLimit("fast", 1, 0.02)])
    assert await pacing.turn("k", "fast", 0.0) is None
    gone = asyncio.create_task(pacing.turn("k", "fast", 5.0))
    stays = asyncio.create_task(pacing.turn("k", "fast", 5.0))
    await let_go()
    gone.cancel()
    assert await asyncio.wait_for(stays, LONG) is None


async def test_one_cancelled_in_the_instant_of_its_turn_is_not_under_way() -> None:
    pacing, clock = paced()
    pacing.refused("m", "minute", 1.0)
    waiting = asyncio.create_task(pacing.turn("m", "minute", 60.0))
    await let_go()
    clock.now += 10.0
    pacing.ramp()  # any news makes it look
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert pacing._meters["m"][1].in_flight == 0


async def test_a_wait_for_one_team_takes_nothing_from_the_key_all_share() -> None:
    pacing, clock = paced()
    pacing.refused("team:a", "team", 50.0)
    both = (("remove", "minute"), ("team:a", "team"))
    waiting = asyncio.create_task(pacing.turns(both, 60.0))
    await let_go()
    assert not waiting.done()
    for _ in range(5):
        assert await pacing.turns((("remove", "minute"), ("team:b", "team")), 0.0) is None
        clock.now += 1.0
    waiting.cancel()


async def test_a_batch_of_four_for_one_team_leaves_at_once_and_the_next_a_second_later() -> None:
    pacing, clock = paced()
    batch = (("remove", "wide"), ("team:a", "team")) * 4
    assert await pacing.turns(batch, 0.0) is None
    pacing.accepted_all(batch)
    missing = await pacing.turns(batch, 0.0)
    assert missing == pytest.approx(1.0, abs=0.05)
    clock.now += missing or 0.0
    assert await pacing.turns(batch, 0.0) is None


async def test_a_refusal_is_held_to_be_of_the_fullest_key() -> None:
    pacing, _ = paced()
    keys = (("remove", "wide"), ("team:a", "team"))
    assert await pacing.turns(keys, 0.0) is None
    pacing.refused_any(keys, 9.0)
    assert (pacing.refused_for("team:a") >= 9.0, pacing.refused_for("remove")) == (True, 0.0)


async def test_where_several_teams_are_refused_at_once_the_key_they_share_is_too() -> None:
    pacing, _ = paced()
    for team in "abc":
        keys = (("remove", "wide"), (f"team:{team}", "team"))
        await pacing.turns(keys, 0.0)
        pacing.refused_any(keys, 9.0)
    assert pacing.refused_for("remove") >= 9.0


async def test_after_an_outage_calls_leave_one_by_one_and_double() -> None:
    pacing, clock = paced()
    pacing.ramp(2.0)
    left: list[float] = []
    begin = clock.now
    while len(left) < 31:
        missing = await pacing.turn(f"k{len(left)}", "wide", longest_wait=0.0)
        if missing is None:
            left.append(clock.now - begin)
            pacing.accepted(f"k{len(left) - 1}", "wide")
        else:
            clock.now += missing
    assert left[0] == pytest.approx(2.0)
    seconds = [int(at - 2.0 + 1e-9) for at in left]
    assert [seconds.count(second) for second in range(5)] == [1, 2, 4, 8, 16]
    clock.now = begin + 7.0
    assert [await pacing.turn(f"then{number}", "wide", 0.0) for number in range(20)] == [None] * 20


async def test_after_an_outage_no_second_call_leaves_while_the_first_is_unanswered() -> None:
    pacing, clock = paced()
    pacing.ramp()
    assert await pacing.turn("a", "wide", 0.0) is None
    clock.now += 5.0
    assert await pacing.turn("b", "wide", 0.0) is not None
    pacing.lost((("a", "wide"),))
    assert await pacing.turn("b", "wide", 0.0) is None


async def test_what_was_learnt_is_taken_up_by_a_successor() -> None:
    first, clock = paced()
    await waits(first, clock, 10, answered=True)
    first.refused("m", "minute", 20.0)
    state = json.loads(json.dumps(first.state()))
    successor = Pacing([MINUTE], clock=lambda: 5.0, wall=clock)
    successor.restore(state)
    assert successor.refused_for("m") == pytest.approx(first.refused_for("m"), abs=0.01)
    assert successor.state() == first.state()


async def test_a_smaller_window_is_kept_with_how_much_slower_it_is() -> None:
    pacing, clock = paced()
    one = {"limit": "minute", "model": "window", "stretch": 2.0, "burst": 7, "cap": 30, "blocked": 0.0}
    pacing.restore({"at": clock.now, "keys": {"m": one}})
    assert pacing.slowdown("m") == 2.0
    assert pacing.state() == {"at": clock.now, "keys": {"m": one}}


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        {"keys": 3},
        {"keys": {"m": None}},
        {"keys": {"m": {"limit": "gone"}}},
        {"at": "x", "keys": {"m": {"limit": "minute", "model": "?", "stretch": "nan", "burst": True}}},
    ],
)
async def test_a_state_nobody_understands_changes_nothing(state: object) -> None:
    pacing, clock = paced()
    pacing.restore(state)
    assert pacing.slowdown("m") == 1.0
    assert (await waits(pacing, clock, 1)) <= [60.0]


async def test_a_restored_state_never_makes_anything_faster_than_published() -> None:
    pacing, clock = paced()
    one = {"limit": "minute", "model": "bucket", "stretch": 0.01, "burst": 10**6, "cap": 10**6, "blocked": -5}
    pacing.restore({"at": clock.now, "keys": {"m": one}})
    begin = clock.now
    await waits(pacing, clock, 120, answered=True)
    assert clock.now - begin >= 118.0


async def test_groups_by_the_thousand_are_not_all_remembered() -> None:
    pacing, clock = paced()
    for number in range(20_000):
        pacing.accepted(f"team:{number}", "team")
        clock.now += 0.01
    assert len(pacing._meters) <= 2 * MOST_KEYS
    assert len(json.dumps(pacing.state())) < 100_000


async def test_a_server_that_says_few_calls_are_left_gets_them_spread() -> None:
    pacing, clock = paced()
    pacing.told((("m", "minute"),), Hint(remaining=5, reset=30.0))
    asked = await waits(pacing, clock, 5, answered=True)
    assert sum(asked) == pytest.approx(24.0, abs=4.0)


async def test_a_server_that_says_none_are_left_gets_none_until_its_reset() -> None:
    pacing, _ = paced()
    pacing.told((("m", "minute"),), Hint(remaining=0, reset=30.0))
    assert 30.0 <= (await pacing.turn("m", "minute", 0.0) or 0.0) < 31.0
    assert pacing.slowdown("m") == 1.0


async def test_beyond_the_whole_limit_the_pace_gives_way_and_comes_back() -> None:
    pacing, clock = paced()
    pacing.told((("m", "minute"),), Hint(used=1.5))
    asked = await waits(pacing, clock, 3, answered=True)
    assert asked[2] == pytest.approx(1.5, abs=0.05)
    clock.now += 30.0
    assert await waits(pacing, clock, 3, answered=True) == [0.0] * 3
