"""The arithmetic of calls and time: the least time of a limit, the fewest calls of the ways there are."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connectors
from connectors.contract import RateLimit
from connectors.effort import LATENCY_SECONDS, Part, Per, Way, Work, calls_planned, estimate
from connectors.manifest import load_manifest

CHAT = Path(connectors.__file__).parent / "chat"
LIMITS = (RateLimit("slow", 50, 60.0), RateLimit("fast", 30, 1.0))
KICK = Way(Part.TAKE_OUT, "kick", "slow", Per.MEMBERSHIP)
MANY = Way(Part.TAKE_OUT, "many", "fast", Per.MEMBERSHIP, takes=20)


@given(people=st.integers(1, 2000), groups=st.integers(1, 300), shared=st.booleans())
def test_nothing_is_done_in_fewer_calls_than_its_requests_allow(
    people: int, groups: int, shared: bool
) -> None:
    work = Work(people, groups, shared)
    (cost,) = estimate([KICK], LIMITS, work).chosen
    assert cost.calls == people * groups
    assert cost.seconds == pytest.approx((cost.calls - 1) * 1.2 + LATENCY_SECONDS)
    (many,) = estimate([KICK, MANY], LIMITS, work).chosen
    apart = work.groups * math.ceil((people if shared else 1) / 20)
    assert many.calls == min(people * groups, apart)


def test_requests_that_count_together_wait_for_each_other_and_others_do_not() -> None:
    read = Way(Part.READ_BACK, "read", "fast", Per.MEMBERSHIP, together=True)
    act = Way(Part.TAKE_OUT, "act", "fast", Per.MEMBERSHIP, together=True)
    both = estimate([act, read], LIMITS, Work(1, 300))
    assert both.seconds == pytest.approx(599 / 30 + LATENCY_SECONDS)
    apart = estimate([KICK, read], LIMITS, Work(1, 300))
    assert apart.seconds == pytest.approx(299 * 1.2 + LATENCY_SECONDS)


def test_a_measured_pace_stretches_its_own_method_alone() -> None:
    work = Work(1, 101)
    assert estimate([KICK], LIMITS, work, {"kick": 2.0}).seconds == pytest.approx(240 + LATENCY_SECONDS)
    assert estimate([KICK], LIMITS, work, {"other": 2.0}).seconds == pytest.approx(120 + LATENCY_SECONDS)


def test_what_not_every_workspace_has_is_said_and_not_counted() -> None:
    dear = Way(Part.LOCK_OUT, "reset", "fast", Per.PERSON, takes=1000, needs="Enterprise")
    found = estimate([KICK, dear], LIMITS, Work(1500, 1))
    assert [cost.way.name for cost in found.chosen] == ["kick"]
    assert [(cost.way.name, cost.calls) for cost in found.offered] == [("reset", 2)]


@pytest.mark.parametrize(
    ("platform", "work", "calls", "minutes"),
    [
        ("slack", Work(1, 200), 203, 4),
        ("slack", Work(1000, 20), 23_000, 400),
        ("telegram", Work(1, 200), 600, 0.34),
        ("teams", Work(1, 200), 14, 0.01),
        ("teams", Work(1000, 20), 2500, 14.2),
    ],
)
def test_the_manifests_say_what_is_published(platform: str, work: Work, calls: int, minutes: float) -> None:
    able = load_manifest(CHAT / platform / "manifest.toml")
    found = estimate(able.ways, able.limits, work)
    assert found.calls == calls
    assert found.seconds / 60 == pytest.approx(minutes, rel=0.02, abs=0.01)


def test_a_case_is_planned_by_its_removals_and_their_reading_back() -> None:
    able = load_manifest(CHAT / "slack" / "manifest.toml")
    assert [calls_planned(able.ways, able.limits, n) for n in (0, 1, 20)] == [0, 2, 21]
