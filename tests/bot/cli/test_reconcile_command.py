"""`bawab reconcile` and `bawab drift` as a person types them: what is said, and with which code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop


@pytest.fixture
def back(settled: Shop) -> Shop:
    """Ana left by hand, was seen out, and is in #lunch again."""
    settled.bawab("case", "new", "E1", "--now", name="omar")
    assert settled.run_once().code == 0
    settled.members("C-lunch").append("UANA")
    return settled


def test_it_says_who_is_in_again_what_to_do_and_that_somebody_must(back: Shop) -> None:
    answer = back.bawab("reconcile")
    assert answer.code == 3
    for word in ("Ana Quispe", "lunch", "came back", "the rule says to ask"):
        assert word in answer.out
    assert "1 person compared" in answer.err
    assert "1 drift found" in answer.err
    assert "bawab drift remove" in answer.err


def test_with_nobody_back_it_is_done_and_says_how_many_were_compared(settled: Shop) -> None:
    settled.bawab("case", "new", "E1", "--now", name="omar")
    assert settled.run_once().code == 0
    answer = settled.bawab("reconcile")
    assert answer.code == 0
    assert "0 drifts found" in answer.err


def test_the_same_as_data(back: Shop) -> None:
    report = back.bawab("reconcile", "--json").data
    assert (report["people"], report["found"], report["asked"], report["complete"]) == (1, 1, 1, True)
    assert [row["group_name"] for row in report["open"]] == ["lunch"]
    assert report["calls"] > 0


def test_a_platform_that_is_down_is_said_and_the_next_run_goes_on(back: Shop) -> None:
    dead = Fault(FaultKind.HTTP_500, "*", times=0)
    back.sandbox.faults.append(dead)
    answer = back.bawab("reconcile")
    assert answer.code == 3
    assert "was not read to the end: \u2068auth.test: HTTP 500" in answer.err
    back.sandbox.faults.remove(dead)
    first = back.bawab("reconcile", "--json").data["id"]  # its lane may still wait
    assert back.bawab("reconcile", "--json").data["id"] == first
    assert back.bawab("reconcile", "--fresh", "--json").data["id"] != first


def test_drift_alone_lists_and_a_decision_is_carried_out_by_the_run(back: Shop) -> None:
    back.bawab("reconcile")
    (row,) = back.bawab("drift", "--json").data
    assert "waits for a decision" in back.bawab("drift").out
    assert "should be out" in back.bawab("status").out
    assert back.bawab("drift", "remove", row["id"]).code == 0
    assert back.run_once().code == 0
    assert "UANA" not in back.members("C-lunch")
    assert "Nobody" in back.bawab("drift", "list").err
    assert "removed again, and checked" in back.bawab("drift", "list", "--all").out


def test_an_exception_to_the_end_of_a_day_is_shown_with_its_reason(back: Shop) -> None:
    back.bawab("reconcile")
    (row,) = back.bawab("drift", "--json").data
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert back.bawab("drift", "accept", row["id"], "--reason", "hands over").code == 2
    assert back.bawab("drift", "accept", row["id"], "--until", day).code == 2
    answer = back.bawab("drift", "accept", row["id"], "--until", day, "--reason", "hands over")
    assert answer.code == 0
    listed = back.bawab("drift").out
    assert "accepted for a while" in listed
    assert "hands over" in listed
    assert day in listed


def test_nobody_decides_about_themselves(back: Shop) -> None:
    back.bawab("reconcile")
    (row,) = back.bawab("drift", "--json").data
    answer = back.bawab("drift", "remove", row["id"], name="E1")
    assert answer.code == 2
    assert "somebody else must" in answer.err


def test_it_speaks_arabic(back: Shop) -> None:
    answer = back.bawab("--lang", "ar", "reconcile")
    assert "عودة بعد خروج" in answer.out
    assert "قورن شخص واحد" in answer.err


def test_before_anybody_left_there_is_nobody_to_compare(settled: Shop) -> None:
    assert len(STAFF) == 3
    answer = settled.bawab("reconcile")
    assert answer.code == 0
    assert "0 people compared" in answer.err
