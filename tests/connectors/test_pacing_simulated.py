"""The pacing against servers of three kinds, in virtual time: as fast as the limit, and never storming."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pacing import run
from bench.pacing_simulation import Line, Run, Server, remove, server
from bench.stubs.limiters import MODELS, Limiter, least_seconds
from connectors.pacing.learning import Model
from connectors.pacing.meter import Meter

models = pytest.mark.parametrize("model", sorted(MODELS))
LIMIT = (50, 60.0, 10)


def slack() -> Meter:
    return Meter(60.0 / 50, 50)


def at(seconds: float, line: Line) -> float:
    return seconds + 2 * line.seconds


@models
@pytest.mark.parametrize(("removals", "most"), [(200, 1.25), (2000, 1.05)])
def test_removals_take_hardly_longer_than_the_limit_itself(model: str, removals: int, most: float) -> None:
    came, least = run(removals, model, 1.0)
    assert len(came.accepted) == removals
    assert 1.0 <= came.ended / least <= most
    assert (came.refused, came.during_refusal) == (1, 0)


@models
def test_a_limit_published_twice_too_high_is_found_out_with_few_refusals(model: str) -> None:
    came, least = run(2000, model, 2.0)
    assert came.ended / least <= 1.05
    assert came.refused <= 50
    assert came.during_refusal == 0


@models
def test_a_limit_published_half_too_low_is_not_exceeded(model: str) -> None:
    came, _ = run(500, model, 0.5)
    assert len(came.accepted) / came.ended <= 25 / 60 * 1.15
    assert came.refused <= 1


@models
def test_many_calls_under_way_at_once_teach_as_much_with_as_few_refusals(model: str) -> None:
    line = Line(0.3, 0.5, at_once=8)
    came = remove(2000, slack(), server(model, *LIMIT), line)
    assert came.ended / at(least_seconds(model, 2000, LIMIT), line) <= 1.05
    assert came.refused <= 4
    assert came.during_refusal == 0


def test_thirty_a_second_with_twenty_under_way_keep_their_pace() -> None:
    line = Line(0.075, 0.3, at_once=20)
    came = remove(2000, Meter(1 / 30, 30), server("token", 30, 1.0, 30), line)
    assert came.ended / at(least_seconds("token", 2000, (30, 1.0, 30)), line) <= 1.05
    assert came.refused == 0


@models
@settings(max_examples=25, deadline=None)
@given(
    calls=st.integers(4, 120),
    seconds=st.sampled_from([1.0, 10.0, 60.0]),
    share=st.floats(0.05, 1.0),
    wrong=st.sampled_from([0.5, 1.0, 2.0]),
    jitter=st.floats(0.0, 0.6),
    at_once=st.integers(1, 10),
    seed=st.integers(0, 1000),
)
def test_whatever_the_limit_all_is_done_and_nothing_leaves_before_a_wait_is_over(
    model: str,
    calls: int,
    seconds: float,
    share: float,
    wrong: float,
    jitter: float,
    at_once: int,
    seed: int,
) -> None:
    most = max(1, int(calls * wrong))
    meter, burst = Meter(seconds / most, most), max(1, int(calls * share))
    came = remove(150, meter, server(model, calls, seconds, burst), Line(0.05, jitter, at_once), seed=seed)
    assert len(came.accepted) == 150
    assert came.during_refusal == 0
    assert fastest(came, seconds) <= 2 * most + 1  # a window's calls and one whole burst


def fastest(came: Run, seconds: float) -> int:
    """The most calls in any window of so many seconds."""
    return max(sum(1 for other in came.sent if one <= other < one + seconds) for one in came.sent)


@dataclass
class WholeSeconds:
    """A limiter that says its waits as platforms do: in whole seconds, rounded up."""

    limiter: Limiter

    def take(self, now: float) -> float:
        return float(math.ceil(self.limiter.take(now)))


@models
@pytest.mark.parametrize("latency", [0.0005, 0.05, 0.3])
def test_waits_in_whole_seconds_and_any_latency_teach_the_same(model: str, latency: float) -> None:
    line = Line(latency)
    came = remove(200, slack(), Server(WholeSeconds(MODELS[model](*LIMIT))), line)
    assert came.ended / at(least_seconds(model, 200, LIMIT), line) <= 1.25
    assert (came.refused, came.during_refusal) == (1, 0)


@models
@pytest.mark.parametrize(("calls", "seconds", "at_once"), [(600, 60.0, 4), (3000, 150.0, 16), (50, 60.0, 1)])
def test_a_limit_halved_and_restored_is_followed_without_a_storm(
    model: str, calls: int, seconds: float, at_once: int
) -> None:
    until, rate = 240.0, calls / seconds
    limiters = [MODELS[model](calls, seconds * factor, 20) for factor in (1, 2, 1)]
    changing = Server(limiters[0], {until: limiters[1], 2 * until: limiters[2]})
    came = remove(int(rate * (2.5 * until + 500)), Meter(1 / rate, calls), changing, Line(0.05, 0.3, at_once))

    def share(start: float, end: float) -> float:
        return sum(start <= one < end for one in came.accepted) / (end - start) / rate

    assert came.during_refusal == 0
    assert sum(until <= one < until + 60 for one in came.refusals) <= 25
    assert share(2 * until + 240, 2 * until + 480) >= 0.9


@pytest.mark.parametrize("model", ["token", "window"])  # the penalty's ten seconds are not scaled
def test_a_timer_that_fires_late_costs_nothing_in_the_long_run(model: str) -> None:
    scale, limit = 0.01, (50, 0.6, 10)
    line = Line(0.0005, 0.3)
    meter = Meter(60.0 / 50 * scale, 50, scale)
    came = remove(2000, meter, server(model, *limit), line, late=lambda: 0.001)
    assert came.ended / at(least_seconds(model, 2000, limit), line) <= 1.06
    assert came.refused <= 20


def test_one_episode_of_refusals_counts_once() -> None:
    meter = Meter(0.1, 100)
    for number in range(8):
        meter.sent(number * 0.001)
    assert [meter.refused(0.2 + number * 0.001, 0.5, number * 0.001) for number in range(8)] == [True] + [
        False
    ] * 7
    assert meter.refused(meter.blocked_until + 0.2, 0.5, 0.007) is False
    assert meter.learnt.stretch <= 1.05


def test_a_window_is_recognised_and_someone_urgent_still_finds_room_in_it() -> None:
    meter = slack()
    came = remove(200, meter, server("window", *LIMIT))
    assert meter.learnt.model is Model.WINDOW
    later = [one for one in came.accepted if 60 < one < 180]
    assert max(after - before for before, after in pairwise(later)) < 35.0


def test_a_bucket_is_recognised_with_the_burst_it_takes() -> None:
    meter = slack()
    remove(200, meter, server("token", *LIMIT))
    assert meter.learnt.model is Model.BUCKET
    assert 5 <= meter.learnt.burst <= 10
