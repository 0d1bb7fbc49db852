"""After an outage calls leave slowly, and none is sent away for longer than the answer before it may take."""

from __future__ import annotations

from connectors.pacing.ramp import Ramp


def test_while_an_answer_is_missing_the_next_call_looks_again_soon_and_leaves_as_soon_as_it_came() -> None:
    ramp = Ramp()
    ramp.begin(100.0, 0.0)
    ramp.sent(100.0)
    assert 100.3 < ramp.ready_at(100.3) <= 101.3
    assert 104.0 < ramp.ready_at(104.0) <= 105.0
    ramp.answered()
    assert ramp.ready_at(104.0) <= 104.0


def test_a_ramp_whose_answers_nobody_reports_ends_by_itself() -> None:
    ramp = Ramp()
    ramp.begin(100.0, 0.0)
    ramp.sent(100.0)
    assert ramp.ready_at(129.5) == 130.0
    assert ramp.ready_at(130.0) <= 130.0
    assert not ramp.running
