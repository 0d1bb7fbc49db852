"""Every act the log can hold is a plain sentence in both languages: no raw key, and names fenced off."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.audit.actions import Action
from bot.locale import translator
from bot.states import HoldKind
from bot.words.entries import entry_text
from bot.words.reader import Reader

KEY = re.compile(r"\b[a-z]+\.[a-z_]+\b|_absent|Noted in the log|\{")
OUTCOMES = {
    "case": "scheduled",
    "step": "verified_absent",
    "task": "open",
    "person": "leaver",
    "check": "verified_absent",
}


def row(action: str, outcome: str | None = None, **more: Any) -> dict[str, Any]:
    names = ("subject", "case_id", "step_id", "run_id", "instance", "platform", "group_id", "group_name")
    return {
        **dict.fromkeys(names),
        "seq": 1,
        "at": datetime(2026, 11, 20, tzinfo=UTC),
        "actor": "person:Noura",
        "action": action,
        "outcome": outcome or OUTCOMES.get(action.split(".", maxsplit=1)[0], "ok"),
        "detail": None,
        **more,
    }


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("action", list(Action))
def test_every_act_is_a_sentence_without_a_raw_key(action: Action, language: str) -> None:
    held = {"hold": "ab" * 32, "kind": "feed", "count": 3, "cause": {}}
    said = entry_text(
        row(action, detail=held if action == Action.HOLD_RAISE else {}), "Ana", Reader(translator(language))
    )
    assert said.strip()
    assert not KEY.search(said), said
    if language == "ar":
        assert re.search("[\u0600-\u06ff]", said)


@pytest.mark.parametrize("action", [one for one in Action if one.startswith(("step.", "case.", "link."))])
def test_whoever_it_is_about_is_named_and_fenced_off(action: Action) -> None:
    hostile = "Ana\u202e <b>"
    said = entry_text(row(action), hostile, Reader(translator("en")))
    assert "\u2068Ana <b>\u2069" in said


@pytest.mark.parametrize("kind", HoldKind)
def test_a_hold_is_told_without_a_command_of_the_terminal(kind: HoldKind) -> None:
    detail = {"hold": "ab" * 32, "kind": kind, "count": 4}
    said = entry_text(row(Action.HOLD_RAISE, "held", detail=detail), "", Reader(translator("en")))
    assert "bawab" not in said
    assert "(4)" in said


def test_an_act_of_a_later_version_is_shown_by_its_name() -> None:
    assert "planet.move" in entry_text(row("planet.move"), "", Reader(translator("en")))
