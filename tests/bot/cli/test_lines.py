"""Each entry of the log as a line: none is lost for a missing word, in either language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.audit.actions import Action
from bot.states import CaseState, HoldKind, StepState
from bot.surfaces.cli.desk import Desk, Options
from bot.words.lines import line_of
from bot.words.timeline import sentence

LANGUAGES = ["en", "ar"]
ISOLATES = dict.fromkeys(map(ord, "\u2068\u2069"))


def _row(action: str, outcome: str = "ok", **detail: Any) -> dict[str, Any]:
    names = ("subject", "case_id", "step_id", "instance", "group_id", "group_name")
    return {
        **dict.fromkeys(names),
        "seq": 1,
        "at": datetime(2026, 11, 20, tzinfo=UTC),
        "actor": "person:noura",
        "action": action,
        "outcome": outcome,
        "detail": detail,
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", [a for a in Action if not a.startswith(("step.", "case.", "hold.raise"))])
def test_an_entry_that_says_little_still_has_its_line_or_none(action: Action, language: str) -> None:
    line = line_of(_row(action), "", Desk(Options(lang=language)))
    assert line is None or line.strip()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", StepState)
def test_a_steps_outcome_is_told_unless_a_read_back_follows(state: StepState, language: str) -> None:
    row = _row(Action.STEP_RECORD, state) | {"group_name": "مبيعات", "instance": "acme"}
    line = line_of(row, "Ana", Desk(Options(lang=language)))
    on_the_way = state in (StepState.REQUESTED, StepState.REMOVED_UNVERIFIED)
    assert (line is None) is on_the_way
    assert on_the_way or ("\u2068مبيعات\u2069" in str(line) and "\u2068Ana\u2069" in str(line))


@pytest.mark.parametrize("state", CaseState)
def test_a_case_is_told_with_its_state_and_due_moment(state: CaseState) -> None:
    row = _row(Action.CASE_SCHEDULE, state, due="2026-11-20T15:00:00+00:00") | {"case_id": "case_1"}
    line = line_of(row, "Ana", Desk(Options(lang="en")))
    assert "15:00" in str(line)


@pytest.mark.parametrize("kind", HoldKind)
def test_a_hold_is_told_with_its_cause_and_the_command_that_releases_it(kind: HoldKind) -> None:
    row = _row(Action.HOLD_RAISE, "held", hold="9c2e41d0a7b3" * 5, kind=kind, count=4, cause={})
    line = str(line_of(row, "", Desk(Options(lang="en"))))
    assert "bawab release 9c2e41d0a7b3\u2069" in line
    assert "(4)" in line


def test_a_paused_platform_is_told_with_its_reason() -> None:
    row = _row(Action.LANE_PAUSE, "paused", reason="token_revoked") | {"instance": "acme"}
    assert "token_revoked" in str(line_of(row, "", Desk(Options(lang="en"))))


@pytest.mark.parametrize("tell", [line_of, sentence])
@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("sent", "Omar was told on acme"),
        ("retry", "Omar could not be told on acme; it is tried again"),
        ("unknown", "Whether Omar was told on acme is not known yet"),
        ("an outcome of a later version", "Whether Omar was told on acme is not known yet"),
    ],
)
def test_nobody_is_said_to_be_told_unless_the_message_arrived(
    outcome: str, said: str, tell: Callable[..., str | None]
) -> None:
    row = _row(Action.NOTICE_SEND, outcome) | {"instance": "acme", "case_id": "case_1", "actor": "bawab"}
    told = str(tell(row, "Omar", Desk(Options(lang="en"))))
    assert told.translate(ISOLATES).startswith(said)


def test_an_act_on_an_account_is_told_by_what_it_does() -> None:
    row = _row(Action.STEP_READ_BACK, StepState.VERIFIED_ABSENT, do="end_sessions") | {"instance": "contoso"}
    assert "end all sessions" in str(line_of(row, "Ana", Desk(Options(lang="en"))))
