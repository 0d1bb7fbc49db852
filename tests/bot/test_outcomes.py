"""What each answer and each sight makes of a step, as one golden table, and what can never be a success."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lanes import backoff
from bot.outcomes import (
    CANNOT,
    LATE_READ_SECONDS,
    LONGEST_BLIND,
    MOST_ATTEMPTS,
    MOST_LOST_ATTEMPTS,
    NextState,
    StepView,
    after_result,
    after_sight,
)
from bot.states import STEP_SUCCESS, StepState
from connectors.contract import Evidence, Outcome, Presence, Quality, Result, Sight
from policies.model import Refusal, StepAction
from policies.step_guards import BY_A_PERSON
from tests.bot.world import START

PROOF = Evidence(Quality.OBSERVED, START, "users.conversations")
FRESH = StepView(StepAction.REVOKE, "no", 1, 0, START + timedelta(minutes=10))

AFTER_RESULT = {
    # outcome: (state, who acted if nobody had so far, when the bot comes back in seconds, evidence)
    Outcome.REVOKED: ("removed_unverified", "yes", 0, "acknowledged"),
    Outcome.SAID_ABSENT: ("removed_unverified", "no", 0, "acknowledged"),
    Outcome.REQUESTED: ("requested", "yes", 0, "acknowledged"),
    Outcome.UNKNOWN: ("outcome_unknown", "maybe", 0, "unknown"),
    Outcome.RATE_LIMITED: ("pending", "no", 2, "unknown"),
    Outcome.UNAVAILABLE: ("pending", "no", 2, "unknown"),
    Outcome.REFUSED: ("failed", "no", None, "unknown"),
    Outcome.NO_API: ("delegated", "no", None, "unknown"),
    Outcome.MOVED: ("failed", "no", None, "unknown"),
}
AFTER_SIGHT = {
    # (sight, acted): inside the settle window → (state, comes back after seconds, verified)
    ("absent", "no"): ("already_absent", None, True),
    ("absent", "maybe"): ("verified_absent", None, True),
    ("absent", "yes"): ("verified_absent", None, True),
    ("locked_out", "no"): ("locked_out", None, True),
    ("locked_out", "maybe"): ("locked_out", None, True),
    ("locked_out", "yes"): ("locked_out", None, True),
    ("present", "no"): ("pending", 0, False),
    ("present", "maybe"): ("pending", 0, False),
    ("present", "yes"): ("removed_unverified", 2, False),
    ("unreadable", "no"): ("removed_unverified", 2, False),
    ("unreadable", "maybe"): ("outcome_unknown", 2, False),
    ("unreadable", "yes"): ("removed_unverified", 2, False),
}
AFTER_SETTLING = {
    ("present", "yes"): ("still_present", 900, False),
    ("present", "maybe"): ("pending", 0, False),
    ("unreadable", "maybe"): ("outcome_unknown", LATE_READ_SECONDS, False),
    ("unreadable", "yes"): ("removed_unverified", LATE_READ_SECONDS, False),
}


def result(outcome: Outcome, refusal: Refusal | None = None, wait: float | None = None) -> Result:
    return Result("step_1", outcome, PROOF, refusal=refusal, retry_after=wait)


def seconds(following: NextState) -> float | None:
    return None if following.again is None else (following.again - START).total_seconds()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_answer_to_a_write_has_one_next_state_and_none_is_a_success(outcome: Outcome) -> None:
    following = after_result(FRESH, result(outcome), START)
    expected = AFTER_RESULT[outcome]
    assert (following.state, following.acted, seconds(following), following.quality) == expected
    assert following.state not in STEP_SUCCESS
    assert not following.verified


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_ends_as_a_block_a_task_or_a_failure_and_keeps_its_reason(refusal: Refusal) -> None:
    following = after_result(FRESH, result(Outcome.REFUSED, refusal), START)
    expected = "delegated" if refusal in BY_A_PERSON else "failed" if refusal in CANNOT else "blocked"
    assert (following.state, following.refusal, following.again) == (expected, refusal, None)


def test_a_wait_the_platform_gave_is_obeyed() -> None:
    for outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE):
        assert seconds(after_result(FRESH, result(outcome, wait=37.5), START)) == 37.5


@pytest.mark.parametrize("acted", ["no", "maybe", "yes"])
@pytest.mark.parametrize("sight", list(Sight))
def test_every_sight_has_one_next_state_inside_the_settle_window(sight: Sight, acted: str) -> None:
    seen = Presence("step_1", sight, PROOF)
    following = after_sight(replace(FRESH, acted=acted, reads=1), seen, START)
    assert (following.state, seconds(following), following.verified) == AFTER_SIGHT[sight, acted]


@pytest.mark.parametrize(("key", "expected"), AFTER_SETTLING.items())
def test_after_the_settle_window_presence_is_said_and_blindness_is_asked_again_rarely(
    key: tuple[str, str], expected: tuple[str, float, bool]
) -> None:
    sight, acted = key
    late = replace(FRESH, acted=acted, reads=9, settle_until=START - timedelta(seconds=1))
    following = after_sight(late, Presence("step_1", Sight(sight), PROOF), START)
    assert (following.state, seconds(following), following.verified) == expected


@pytest.mark.parametrize("acted", ["no", "maybe", "yes"])
def test_what_nobody_can_read_for_a_week_ends_as_a_failure_and_never_as_a_success(acted: str) -> None:
    blind, seen = replace(FRESH, acted=acted, settle_until=START), Presence("step_1", Sight.UNREADABLE, PROOF)
    before = after_sight(blind, seen, START + LONGEST_BLIND - timedelta(seconds=1))
    after = after_sight(blind, seen, START + LONGEST_BLIND)
    assert before.again is not None
    assert (after.state, after.refusal, after.again) == (StepState.FAILED, Refusal.UNEXPECTED, None)


def test_after_many_attempts_the_bot_stops_by_itself_and_says_that_the_person_is_still_there() -> None:
    for acted, most in (("no", MOST_ATTEMPTS), ("maybe", MOST_LOST_ATTEMPTS), ("yes", MOST_ATTEMPTS)):
        tired = replace(FRESH, acted=acted, attempts=most, settle_until=START)
        following = after_sight(tired, Presence("step_1", Sight.PRESENT, PROOF), START)
        assert (following.state, following.again) == (StepState.STILL_PRESENT, None)


@pytest.mark.parametrize("attempts", [MOST_ATTEMPTS, MOST_LOST_ATTEMPTS - 1])
def test_where_only_answers_were_lost_it_is_said_and_tried_once_an_hour_for_a_day(attempts: int) -> None:
    unlucky = replace(FRESH, acted="maybe", attempts=attempts)
    following = after_sight(unlucky, Presence("step_1", Sight.PRESENT, PROOF), START)
    assert (following.state, seconds(following)) == (StepState.STILL_PRESENT, 3600)


happenings = st.lists(
    st.one_of(
        st.builds(result, st.sampled_from(Outcome), st.sampled_from([None, *Refusal])),
        st.builds(Presence, st.just("step_1"), st.sampled_from(Sight), st.just(PROOF)),
    ),
    max_size=12,
)


@given(happenings)
def test_no_sequence_of_answers_and_sights_ends_in_a_success_without_an_absence_seen_last(
    happened: list[Result | Presence],
) -> None:
    step, state, now = FRESH, StepState.PENDING, START
    for what in happened:
        if isinstance(what, Result):
            following = after_result(step, what, now)
        else:
            following = after_sight(step, what, now)
        state = following.state
        step = replace(step, acted=following.acted, attempts=step.attempts + 1, reads=step.reads + 1)
        now += timedelta(minutes=3)
    last = happened[-1] if happened else None
    proven = isinstance(last, Presence) and last.sight in (Sight.ABSENT, Sight.LOCKED_OUT)
    assert (state in STEP_SUCCESS) == proven


@given(happenings)
def test_what_may_have_reached_the_platform_is_never_forgotten(happened: list[Result | Presence]) -> None:
    rank, step = {"no": 0, "maybe": 1, "yes": 2}, FRESH
    for what in happened:
        judged = after_result(step, what, START) if isinstance(what, Result) else None
        following = judged or after_sight(step, what, START)  # type: ignore[arg-type] # drawn to fit
        assert following.acted == "maybe" or rank[following.acted] >= rank[step.acted]
        assert not (step.acted != "no" and following.acted == "no")
        step = replace(step, acted=following.acted)


def test_waits_double_from_two_seconds_and_stop_at_five_minutes() -> None:
    assert [backoff(n) for n in (0, 1, 2, 3, 7, 8, 9, 500)] == [2, 2, 4, 8, 128, 256, 300, 300]
    assert backoff(3, first=60.0, most=3600.0) == 240
