"""How often a platform that is down is asked: few requests, and soon after it is back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.lanes import LONGEST_PROBE_SECONDS, PROBE_SECONDS, PROBE_SHARE, probe_wait


def probes_at(outage: float) -> list[float]:
    """When a platform is asked that is down from 0 on, for so many seconds; the last is answered."""
    at = [0.0]
    while at[-1] < outage:
        at.append(at[-1] + probe_wait(at[-1]))
    return at


@pytest.mark.parametrize(
    ("outage", "most"), [(60, 8), (600, 18), (6 * 3600, 50)], ids=["a minute", "ten minutes", "six hours"]
)
def test_an_outage_costs_few_requests(outage: float, most: int) -> None:
    assert len(probes_at(outage)) - 1 <= most


@given(st.floats(1, 60))
@example(60)
def test_after_a_minute_at_most_work_goes_on_within_ten_seconds(outage: float) -> None:
    assert probes_at(outage)[-1] - outage <= 10


@given(st.floats(60, 7 * 86400))
def test_an_outage_is_never_made_longer_by_more_than_a_quarter_or_a_quarter_of_an_hour(outage: float) -> None:
    late = probes_at(outage)[-1] - outage
    assert late <= max(PROBE_SECONDS, min(PROBE_SHARE * outage, LONGEST_PROBE_SECONDS))


def test_six_hours_are_made_longer_by_less_than_a_twentieth() -> None:
    assert max(probes_at(6 * 3600 + extra)[-1] - extra for extra in range(0, 1800, 60)) <= 1.05 * 6 * 3600
