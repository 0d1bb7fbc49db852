"""What a rule means in plain words: what a mover keeps, who must agree, and the hour in the reader's way."""

from __future__ import annotations

import pytest

from bot.locale import translator
from bot.words.rules import rule_said
from policies.loader import load


def said(rule: str, language: str = "en") -> list[str]:
    """The sentences of the only rule of a policy."""
    (found,) = load(f"version: 1\nrules:\n  - id: only\n    {rule}\n", "policy.yaml").rules
    return rule_said(found, translator(language))


def test_a_mover_loses_what_the_old_post_had_and_the_rest_is_asked() -> None:
    sentences = said("on: mover\n    groups: all\n    action: remove")
    lost = "They are removed from every group that belonged to the old post and not to the new one."
    assert lost in sentences
    assert "The owners of their other groups are asked whether they stay." in sentences
    assert "They are removed from every group." not in sentences


def test_a_leaver_loses_every_group_and_nobody_is_asked() -> None:
    sentences = said("on: leaver\n    groups: all\n    action: remove")
    assert "They are removed from every group." in sentences
    assert not any("asked" in sentence for sentence in sentences)


def test_a_rule_for_both_says_what_is_different_for_movers() -> None:
    sentences = said("on: [leaver, mover]\n    groups: all\n    action: remove")
    assert "They are removed from every group." in sentences
    assert any(one.startswith("Whoever moves loses only groups of the old post") for one in sentences)


@pytest.mark.parametrize(
    ("approve", "language", "sentence"),
    [
        ("hr", "en", "Only after HR has approved it."),
        ("hr", "ar", "بعد موافقة الموارد البشرية فقط."),
        ("both", "en", "Only after HR and IT, two people, have approved it."),
    ],
)
def test_who_must_approve_is_said_in_words(approve: str, language: str, sentence: str) -> None:
    rule = f"on: leaver\n    groups: all\n    action: remove\n    approve: {approve}"
    assert sentence in said(rule, language)


def test_the_hour_is_written_as_the_reader_writes_hours() -> None:
    rule = "on: leaver\n    groups: all\n    action: remove\n    when: end_of_last_day"
    assert "It is done at the end of the last day, 18:00 where they are." in said(rule)
    assert any("6:00\u00a0م" in sentence or "6:00 م" in sentence for sentence in said(rule, "ar"))
