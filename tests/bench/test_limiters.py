"""The stubs' limiters let through what the published limits let through, and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stubs.limiters import FixedWindow, Penalty, TokenBucket, least_seconds


def let_through(limiter: TokenBucket | FixedWindow | Penalty, calls: int, every: float) -> int:
    """Count how many of so many evenly spaced calls are not refused."""
    return sum(limiter.take(number * every) == 0.0 for number in range(calls))


def test_a_token_bucket_lets_the_burst_through_and_then_the_even_pace() -> None:
    bucket = TokenBucket(50, 60.0, 10)
    assert [bucket.take(0.0) == 0.0 for _ in range(12)] == [True] * 10 + [False] * 2
    assert bucket.take(0.0) == pytest.approx(1.2)
    assert bucket.take(1.2) == 0.0


def test_a_fixed_window_begins_with_the_first_call_and_says_when_the_next_one_opens() -> None:
    window = FixedWindow(50, 60.0)
    assert let_through(window, 60, 0.0) == 50
    assert window.take(45.0) == pytest.approx(15.0)
    assert window.take(60.0) == 0.0


def test_whoever_goes_on_asking_while_refused_waits_longer() -> None:
    patient, eager = Penalty(50, 60.0, 1), Penalty(50, 60.0, 1)
    for limiter in (patient, eager):
        assert limiter.take(0.0) == 0.0
        assert limiter.take(0.1) > 0
    for number in range(20):
        eager.take(0.2 + number / 10)
    assert patient.take(11.0) == 0.0
    assert eager.take(11.0) > 0


@given(model=st.sampled_from(["token", "window"]), calls=st.integers(1, 300))
def test_no_client_can_be_faster_than_the_least_time(model: str, calls: int) -> None:
    limiter: TokenBucket | FixedWindow
    limiter = TokenBucket(50, 60.0, 10) if model == "token" else FixedWindow(50, 60.0)
    now = 0.0
    for _ in range(calls):
        while (wait := limiter.take(now)) > 0:
            now += wait
    assert now == pytest.approx(least_seconds(model, calls, (50, 60.0, 10)), abs=1e-3)
