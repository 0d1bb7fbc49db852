"""No stable key that a person may meet is without its sentence, in either language."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from bot.locale import keys, translator
from bot.states import CaseState, HoldKind, StepState
from policies.model import Refusal
from policies.plan import WHY_KEYS

LANGUAGES = ["en", "ar"]
SOURCES = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("table", "vocabulary"),
    [
        (keys.STEP_STATES, StepState),
        (keys.CASE_STATES, CaseState),
        (keys.REFUSALS, Refusal),
        (keys.REMEDIES, Refusal),
        (keys.HOLDS, HoldKind),
    ],
    ids=["step states", "case states", "refusals", "remedies", "holds"],
)
def test_every_word_of_a_vocabulary_has_its_sentence(
    table: dict[StrEnum, str], vocabulary: type[StrEnum]
) -> None:
    assert set(table) == set(vocabulary)


def test_every_why_of_a_plan_has_its_sentence() -> None:
    assert set(keys.WHYS) == WHY_KEYS


def test_every_gap_reason_written_in_the_sources_has_its_sentence() -> None:
    written = set()
    for room in ("connectors", "bot"):
        for path in (SOURCES / room).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            written |= set(re.findall(r"\bGap\(\s*[\w.]+,\s*\"(\w+)\"", source))
    assert written, "the pattern finds no gap at all; has the way they are written changed?"
    assert written <= set(keys.GAPS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_states_of_a_step_read_the_same(language: str) -> None:
    t = translator(language)
    assert len({keys.state_text(state, t) for state in StepState}) == len(StepState)
    assert len({keys.state_text(state, t) for state in CaseState}) == len(CaseState)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_what_was_read_back_is_said_to_be_checked(language: str) -> None:
    t = translator(language)
    checked = {"en": "checked", "ar": "جرى التحقق"}[language]
    said = {state for state in StepState if checked in keys.state_text(state, t)}
    assert said == {StepState.VERIFIED_ABSENT, StepState.ALREADY_ABSENT}


def test_a_key_nobody_has_met_yet_is_shown_rather_than_hidden() -> None:
    t = translator("ar")
    assert "brand_new_reason" in keys.gap_text("brand_new_reason", t)
    assert keys.why_text("brand_new_why", t) == "brand_new_why"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_key_is_told_in_the_language_asked_for(language: str) -> None:
    t = translator(language)
    told = [
        keys.refusal_text(Refusal.LAST_OWNER, t),
        keys.remedy_text(Refusal.LAST_OWNER, t),
        keys.hold_text(HoldKind.OBSERVE, t),
        keys.gap_text("members_unknown", t),
        keys.why_text("old_post", t),
    ]
    arabic = [any("\u0600" <= char <= "\u06ff" for char in text) for text in told]
    assert all(arabic) if language == "ar" else not any(arabic)
