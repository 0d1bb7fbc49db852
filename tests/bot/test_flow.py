"""How many calls a lane keeps in flight: enough to hide the latency, never more than leave at once."""

from __future__ import annotations

import heapq
import random

import pytest

from bot.flow import A_MOMENT, Flow


def played(flow: Flow, *, latency: float, interval: float, steps: int) -> tuple[float, int]:
    """Play calls against a platform with this latency and pace; gives seconds and the most in flight."""
    now, due, most = 0.0, 0.0, 0
    under_way: list[tuple[float, float, float]] = []
    jitter = random.Random(7)  # noqa: S311 - no secret
    left, back, since = steps, 0, 0.0
    while left or under_way:
        while left and len(under_way) < flow.window:
            due = max(now, due + interval)
            heapq.heappush(under_way, (due + latency * jitter.uniform(0.7, 1.6), now, due - now))
            left -= 1
        most = max(most, len(under_way))
        now, began, waited = heapq.heappop(under_way)
        flow.called(now - began, waited)
        back += 1
        if back >= flow.steps:
            flow.went(back, now - since)
            back, since = 0, now
    return now, most


@pytest.mark.parametrize("latency", [0.02, 0.15, 0.4])
@pytest.mark.parametrize("rate", [4, 30, 100])
def test_the_pace_a_platform_allows_is_nearly_reached_whatever_its_latency(latency: float, rate: int) -> None:
    seconds, _ = played(Flow(200), latency=latency, interval=1 / rate, steps=600)
    assert seconds <= 1.15 * (600 / rate + latency) + 4 * latency, "a few round trips to find the pace"


def test_a_slow_pace_keeps_one_call_in_flight_so_that_somebody_urgent_waits_for_one_only() -> None:
    flow = Flow(20)
    _, most = played(flow, latency=0.15, interval=1.2, steps=100)
    assert most <= 3
    assert (flow.window, flow.steps) == (1, 1)


def test_intentions_are_stored_for_a_moments_work() -> None:
    flow = Flow(400)
    played(flow, latency=0.05, interval=0.01, steps=2000)
    assert 0.5 * A_MOMENT * 100 <= flow.steps <= 1.2 * A_MOMENT * 100


def test_a_platform_that_takes_twenty_in_one_request_is_never_given_fewer() -> None:
    flow = Flow(400, unit=20)
    played(flow, latency=0.5, interval=2.0, steps=10)
    assert flow.steps == 20
    flow.again()
    assert (flow.steps, flow.window) == (20, 1)


def test_a_platform_that_takes_nothing_is_left_alone_for_longer_each_time() -> None:
    flow = Flow(20)
    assert [flow.patience(1.0) for _ in range(9)] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert flow.patience(300.0) == 300.0
    flow.refused = 0
    assert flow.patience(0.5) == 0.5
