"""A case in plain words, in both languages: who leaves when, what happens next, what a connector advises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.locale import translator
from bot.states import CaseState
from bot.views.case_acts import Next, NextAct, Turn
from bot.views.case_lines import CaseLine
from bot.words.cases import headline, next_text
from bot.words.reader import Reader
from bot.words.remedies import connector_remedy
from connectors.chat.slack.remedies import REMEDIES
from policies.model import EventKind

AT = datetime(2026, 11, 26, 15, tzinfo=UTC)
LINE = CaseLine(
    id="case_1",
    person_id="E7",
    person="Ana Q",
    kind="leaver",
    state=CaseState.SCHEDULED,
    effective=AT,
    due=AT,
    zone="Asia/Riyadh",
    overdue=False,
    past=False,
    urgent=False,
    started_at=None,
    finished_at=None,
    reason=None,
    exit_type=None,
    hold=None,
)
EN, AR = Reader(translator("en"), "Europe/Berlin"), Reader(translator("ar"), "Europe/Berlin")
WHEN = "Thursday, 26 November 2026, 18:00 (Riyadh time)"


def plain(text: str) -> str:
    return text.translate({0x2068: None, 0x2069: None})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (LINE, f"Ana Q leaves {WHEN}"),
        (replace(LINE, past=True), f"Ana Q left {WHEN}"),
        (replace(LINE, kind="contractor_end"), f"The contract of Ana Q ends {WHEN}"),
        (replace(LINE, state=CaseState.CANCELLED), f"Called off: Ana Q leaves {WHEN}"),
        (replace(LINE, effective=None, due=None), "Ana Q: leaves; when is not certain yet"),
        (replace(LINE, kind="rehire"), f"Ana Q: is hired again {WHEN}"),
        (replace(LINE, kind="of a later version"), f"Ana Q: of a later version {WHEN}"),
    ],
)
def test_a_headline_says_who_and_when_in_the_zone_it_was_meant_in(line: CaseLine, said: str) -> None:
    assert plain(headline(line, EN)) == said


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("state", list(CaseState))
def test_every_case_has_its_headline_in_arabic(kind: EventKind, state: CaseState) -> None:
    said = headline(replace(LINE, kind=kind, state=state), AR)
    assert "Ana Q" in said
    assert "leaves" not in said


@pytest.mark.parametrize("what", list(Next))
@pytest.mark.parametrize("by", list(Turn))
def test_everything_that_can_happen_next_is_said_in_both_languages(what: Next, by: Turn) -> None:
    english, arabic = (next_text(NextAct(what, by, AT), LINE, reader) for reader in (EN, AR))
    assert english
    assert "{" not in english + arabic
    assert any("\u0600" <= char <= "\u06ff" for char in arabic)


def test_what_was_nothing_to_do_is_not_called_done() -> None:
    over = NextAct(Next.OVER, Turn.NOBODY)
    done = replace(LINE, state=CaseState.COMPLETED, past=True)
    assert "everything was done" in next_text(over, done, EN)
    nothing = next_text(over, replace(done, reason="nothing_to_remove"), EN)
    assert nothing == "Nothing more: was in no group that the policy takes."


def test_a_connectors_remedy_is_said_in_arabic_and_an_unknown_one_as_it_is() -> None:
    known = REMEDIES["bot_not_in_channel"]
    assert connector_remedy("slack", known.en, EN.t) == known.en
    assert connector_remedy("slack", known.en, AR.t) == known.ar
    assert plain(connector_remedy("slack", "Add the scope x", AR.t)) == "Add the scope x"
    assert connector_remedy("manual", "", AR.t) == ""
