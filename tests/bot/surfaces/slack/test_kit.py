"""Block Kit in small: whatever a name holds, it stays text, whole fences, and within what Slack takes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.access.actor import Actor
from bot.locale import translator
from bot.surfaces.slack import forms
from bot.surfaces.slack.filled import read
from bot.surfaces.slack.kit import cut
from bot.views.losses import Loss, Losses, PlatformLosses
from bot.views.offboarding import Candidate, Found, When, ZoneFrom
from connectors.chat.slack.sandbox.views import wrong_with_view
from policies.model import StepAction
from policies.roles import Role

NAMES = st.one_of(
    st.text(max_size=400),
    st.sampled_from(["آ\u202eنا", "<script>", "=1+1", "👩🏽\u200d🚀" * 60, "<!channel>", "\u2069\u2069", ""]),
)
HR = Actor("E9", "Noura", frozenset({Role.HR}), "slack")


@settings(deadline=None, max_examples=60)
@given(NAMES, st.integers(3, 400))
def test_a_cut_text_is_never_longer_never_empty_and_leaves_no_fence_open(name: str, most: int) -> None:
    t = translator("ar")
    text = cut(t.isolate(name), most)
    assert 1 <= len(text) <= most
    assert text.count("\u2068") == text.count("\u2069")


@settings(deadline=None, max_examples=60)
@given(NAMES, st.sampled_from(["en", "ar"]), st.integers(0, 60))
def test_no_name_makes_a_form_that_slack_would_refuse(name: str, language: str, groups: int) -> None:
    t = translator(language)
    chosen = Candidate("E1", name, "", "", "", None, False, False, "Asia/Riyadh", ZoneFrom.PERSON, (), True)
    among = [Found(f"E{n}", name, "", name, gone=False) for n in range(3)]
    rows = tuple(
        Loss(
            "acme", name, "", "", StepAction.REVOKE, "by_hand" if n % 2 else "act", "", None, name, "", False
        )
        for n in range(groups)
    )
    at = datetime(2026, 11, 30, 15, tzinfo=UTC)
    when = When(at, at, "Asia/Riyadh", "leaver", None, urgent=False, past=False)
    ending = {"acme": frozenset(str(n) for n in range(groups))}
    lost = Losses((PlatformLosses("acme", name or "Slack", rows, ""),), (), {}, ending, groups // 2)
    views = (
        forms.ask(HR, t, chosen),
        forms.ask(HR, t, None, among),
        forms.confirm(chosen, when, lost, t),
        forms.said(name or "x", t),
    )
    assert [wrong_with_view(view) for view in views] == [None] * len(views)
    assert '"mrkdwn"' not in str(views)


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    )
)
def test_whatever_stands_in_a_state_is_read_or_left(values: object) -> None:
    found = read({"id": "V1", "state": {"values": values}})
    assert found.view_id == "V1"
    assert found.count is None
