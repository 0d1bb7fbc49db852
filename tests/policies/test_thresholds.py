"""Run guards: numbers that hold a run, for companies of every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.thresholds import Breach, BreachKind, Limits, day_breach, group_breach, run_breach

LIMITS = Limits()


@pytest.mark.parametrize(
    ("directory", "in_a_run", "in_a_day"),
    [(0, 3, 5), (5, 3, 5), (40, 3, 5), (150, 3, 6), (200, 4, 8), (1_000, 20, 40), (10_000, 50, 100)],
)
def test_what_may_happen_unasked_by_size_of_the_company(directory: int, in_a_run: int, in_a_day: int) -> None:
    assert run_breach(in_a_run, directory, LIMITS) is None
    assert day_breach(in_a_day, directory, LIMITS) is None
    assert run_breach(in_a_run + 1, directory, LIMITS) == Breach(
        BreachKind.RUN, "run", in_a_run + 1, in_a_run, directory
    )
    assert day_breach(in_a_day + 1, directory, LIMITS) == Breach(
        BreachKind.DAY, "day", in_a_day + 1, in_a_day, directory
    )


@pytest.mark.parametrize(("members", "allowed"), [(None, 3), (2, 3), (12, 3), (16, 4), (400, 100)])
def test_what_a_group_may_lose_in_a_day(members: int | None, allowed: int) -> None:
    assert group_breach("C1", allowed, members, LIMITS) is None
    assert group_breach("C1", allowed + 1, members, LIMITS) == Breach(
        BreachKind.GROUP, "C1", allowed + 1, allowed, members or 0
    )


def test_limits_can_be_made_stricter() -> None:
    strict = Limits(run_count=0, run_percent=0)
    assert run_breach(0, 1_000, strict) is None
    assert run_breach(1, 1_000, strict) is not None


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_people_never_pass_where_fewer_were_held(people: int, directory: int) -> None:
    for breach in (run_breach, day_breach):
        if breach(people, directory, LIMITS):
            assert breach(people + 1, directory, LIMITS)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_run_takes_more_than_the_ceiling_however_large_the_company(people: int, directory: int) -> None:
    if run_breach(people, directory, LIMITS) is None:
        assert people <= LIMITS.run_ceiling
