"""What each word of a platform does to a notice, state by state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notices.outcomes import (
    CANNOT_LOOK,
    GIVE_UP_AFTER,
    LONGEST_WAIT,
    LOOK_FOR,
    after_looking,
    after_sending,
    wait,
)
from bot.store.tables import NoticeRow
from connectors.messages import NoticeOutcome, NoticeReceipt

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def notice(
    *, twice: bool = False, age: timedelta = timedelta(0), sent: timedelta = timedelta(0)
) -> NoticeRow:
    return NoticeRow(
        id="notice_1",
        case_id="case_1",
        kind="removal",
        recipient_id="E1",
        instance="hq",
        account_id="U1",
        language="en",
        groups={"steps": [], "tasks": []} | ({"twice": True} if twice else {}),
        state="sending",
        attempts=1,
        created_at=NOW - age,
        sent_at=NOW - sent,
    )


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NoticeOutcome.SENT, "sent"),
        (NoticeOutcome.UNDELIVERABLE, "undeliverable"),
        (NoticeOutcome.RETRY, "pending"),
        (NoticeOutcome.UNKNOWN, "unknown"),
    ],
)
def test_each_answer_to_a_sending_has_its_state(outcome: NoticeOutcome, state: str) -> None:
    assert after_sending(notice(), NoticeReceipt(outcome), NOW).values["state"] == state


def test_an_unclear_answer_still_counts_against_the_hour() -> None:
    """A message that may have left has left, as far as the cap is concerned."""
    assert "sent_at" not in after_sending(notice(), NoticeReceipt(NoticeOutcome.UNKNOWN), NOW).values
    assert after_sending(notice(), NoticeReceipt(NoticeOutcome.RETRY), NOW).values["sent_at"] is None


def test_a_message_nobody_could_take_for_a_week_is_given_up() -> None:
    settled = after_sending(notice(age=GIVE_UP_AFTER), NoticeReceipt(NoticeOutcome.RETRY), NOW)
    assert (settled.values["state"], settled.outcome, settled.why) == (
        "undeliverable",
        "undeliverable",
        "gave_up",
    )


def test_a_platforms_own_wait_is_obeyed() -> None:
    settled = after_sending(notice(), NoticeReceipt(NoticeOutcome.RETRY, retry_after=77.0), NOW)
    assert settled.values["next_attempt_at"] == NOW + timedelta(seconds=77)


@given(st.integers(min_value=0, max_value=10_000))
def test_waits_grow_and_never_pass_an_hour(attempts: int) -> None:
    assert wait(attempts, None) <= wait(attempts + 1, None) <= LONGEST_WAIT
    assert wait(1, None) < LONGEST_WAIT


def test_found_is_sent_and_surely_absent_is_sent_again_unmarked() -> None:
    found = after_looking(notice(), NoticeReceipt(NoticeOutcome.SENT, reference="D1:1"), NOW)
    assert (found.values["state"], found.values["reference"]) == ("sent", "D1:1")
    absent = after_looking(notice(), NoticeReceipt(NoticeOutcome.RETRY), NOW)
    assert absent.values["state"] == "pending"
    assert "groups" not in absent.values


def test_a_search_without_answer_is_repeated_for_an_hour_before_anything_is_concluded() -> None:
    early = after_looking(notice(sent=LOOK_FOR / 2), NoticeReceipt(NoticeOutcome.UNKNOWN), NOW)
    assert early.values["state"] == "unknown"
    assert early.values["next_attempt_at"] > NOW
    late = after_looking(notice(sent=LOOK_FOR), NoticeReceipt(NoticeOutcome.UNKNOWN), NOW)
    assert late.outcome == "resend"
    assert late.values["groups"]["twice"] is True


def test_a_platform_that_cannot_look_at_all_is_not_asked_for_an_hour() -> None:
    settled = after_looking(notice(), NoticeReceipt(NoticeOutcome.UNKNOWN, detail=CANNOT_LOOK), NOW)
    assert settled.outcome == "resend"


@pytest.mark.parametrize("detail", ["", CANNOT_LOOK])
def test_a_second_unclear_sending_is_the_last(detail: str) -> None:
    receipt = NoticeReceipt(NoticeOutcome.UNKNOWN, detail=detail)
    settled = after_looking(notice(twice=True, sent=LOOK_FOR), receipt, NOW)
    assert settled.values["state"] == "unknown"
    assert settled.values["next_attempt_at"] is None
