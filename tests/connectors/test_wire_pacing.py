"""Pacing: even after a small burst, quiet while refused, slow to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import RateLimit
from connectors.pacing import DEFAULT_PENALTY_SECONDS, Pacing

LIMIT = RateLimit("t", 60, 60.0)


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def paced(scale: float = 1.0) -> Iterator[tuple[Pacing, Clock]]:
    clock = Clock()
    yield Pacing([LIMIT], scale=scale, clock=clock), clock


async def waits(pacing: Pacing, clock: Clock, calls: int) -> list[float]:
    """Ask for turns without waiting; each wait asked for is then slept away on the clock."""
    asked = []
    for _ in range(calls):
        missing = await pacing.turn("m", "t", longest_wait=0.0)
        asked.append(missing or 0.0)
        if missing is not None:
            clock.now += missing + 1e-6
            assert await pacing.turn("m", "t", longest_wait=0.0) is None
    return asked


async def test_a_small_burst_then_the_published_pace() -> None:
    with paced() as (pacing, clock):
        asked = await waits(pacing, clock, 10)
    assert asked[:6] == [0.0] * 6
    assert all(wait == pytest.approx(1.0, abs=0.01) for wait in asked[6:])


@given(st.integers(min_value=1, max_value=300))
async def test_no_window_ever_holds_more_than_the_limit_and_its_burst(calls: int) -> None:
    with paced() as (pacing, clock):
        begin = clock.now
        await waits(pacing, clock, calls)
        assert calls <= (clock.now - begin) * LIMIT.calls / LIMIT.seconds + LIMIT.calls // 10 + 1


async def test_after_a_refusal_nothing_leaves_before_the_server_said() -> None:
    with paced() as (pacing, clock):
        wait = pacing.refused("m", "t", 30.0)
        assert 30.0 <= wait < 33.0
        clock.now += 29.9
        assert (await pacing.turn("m", "t", longest_wait=0.0) or 0.0) > 0.0
        clock.now = 1000.0 + wait
        assert await pacing.turn("m", "t", longest_wait=0.0) is None


async def test_a_refusal_slows_down_without_a_burst_and_success_wins_it_back_slowly() -> None:
    with paced() as (pacing, clock):
        clock.now += pacing.refused("m", "t", 1.0)
        slow = await waits(pacing, clock, 3)
        assert slow[1] == pytest.approx(1.5, abs=0.01)
        for _ in range(10):
            pacing.accepted("m", "t")
        assert 1.0 < pacing.slowdown("m") < 1.5
        for _ in range(10):
            pacing.accepted("m", "t")
        assert pacing.slowdown("m") == 1.0


async def test_where_the_server_says_nothing_a_penalty_is_assumed() -> None:
    with paced(scale=0.5) as (pacing, _):
        assert pacing.refused("m", "t", None) >= DEFAULT_PENALTY_SECONDS * 0.5


async def test_each_method_has_its_own_pace() -> None:
    with paced() as (pacing, _):
        pacing.refused("m", "t", 100.0)
        assert await pacing.turn("other", "t", longest_wait=0.0) is None


async def test_a_scale_of_nothing_never_waits_but_still_obeys_the_server() -> None:
    with paced(scale=0.0) as (pacing, clock):
        assert set(await waits(pacing, clock, 50)) == {0.0}
        pacing.refused("m", "t", 5.0)
        assert (await pacing.turn("m", "t", longest_wait=0.0) or 0.0) >= 5.0


async def test_slowing_down_has_an_end() -> None:
    with paced() as (pacing, _):
        for _ in range(50):
            pacing.refused("m", "t", 0.0)
        assert pacing.slowdown("m") <= 6.0


async def test_whoever_waits_only_shortly_does_not_stand_behind_one_who_waits_long() -> None:
    pacing = Pacing([LIMIT], scale=0.0)
    pacing.refused("m", "t", 0.2)
    patient = asyncio.create_task(pacing.turn("m", "t", longest_wait=60.0))
    await asyncio.sleep(0)
    hurried = await asyncio.wait_for(pacing.turn("m", "t", longest_wait=0.01), 0.1)
    assert hurried is not None
    assert 0.0 < hurried <= 0.25
    assert await patient is None
