"""What a case may be called, from its steps alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion import case_state
from bot.states import STEP_SUCCESS, StepState
from bot.store.tables import StepRow
from tests.bot.world import START

TABLE = {
    # the steps' states: the case's state
    ("verified_absent", "already_absent"): "completed",
    ("verified_absent", "locked_out", "attested"): "completed",
    ("verified_absent", "pending"): "executing",
    ("verified_absent", "held"): "executing",
    ("verified_absent", "requested"): "executing",
    ("removed_unverified", "outcome_unknown"): "executing",
    ("verified_absent", "removed_unverified"): "verifying",
    ("delegated", "removed_unverified"): "verifying",
    ("delegated", "verified_absent"): "awaiting_manual",
    ("blocked", "verified_absent"): "completed_with_exceptions",
    ("still_present", "verified_absent"): "completed_with_exceptions",
    ("waived",): "completed_with_exceptions",
    ("failed",): "completed_with_exceptions",
    ("cancelled",): "completed_with_exceptions",
}


def step(state: str, *, again: bool = False) -> StepRow:
    known: dict[str, Any] = {"state": state, "next_attempt_at": START if again else None}
    return StepRow(**known)  # nothing else of a step is looked at


@pytest.mark.parametrize(("states", "expected"), TABLE.items())
def test_a_case_is_what_its_least_finished_step_is(states: tuple[str, ...], expected: str) -> None:
    assert case_state([step(state) for state in states], planned_everywhere=True) == expected


@pytest.mark.parametrize("state", list(StepState))
def test_only_successes_complete_a_case(state: StepState) -> None:
    said = case_state([step(StepState.VERIFIED_ABSENT), step(state)], planned_everywhere=True)
    assert (said == "completed") == (state in STEP_SUCCESS)


@pytest.mark.parametrize("state", list(StepState))
def test_no_case_ends_while_an_instance_is_not_planned(state: StepState) -> None:
    assert case_state([step(state)], planned_everywhere=False) == "executing"


def test_a_step_the_bot_will_try_again_keeps_its_case_open() -> None:
    again = [step(StepState.STILL_PRESENT, again=True), step(StepState.VERIFIED_ABSENT)]
    assert case_state(again, planned_everywhere=True) == "verifying"
