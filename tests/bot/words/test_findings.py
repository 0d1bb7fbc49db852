"""What connectors and the gate say in English reaches an Arabic reader in Arabic, names as they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.checkup import check_up
from bot.locale import translator
from bot.settings import Settings
from bot.words.finding_forms import FORMS, NEEDS
from bot.words.findings import finding_said, needed_for, said
from connectors.chat.slack.sandbox import BOT_ID
from connectors.manifest import load_manifest
from policies.feed_health import FeedReading, judge
from tests.bot.offices import TEAMS, TELEGRAM, offices, telegram_world
from tests.bot.world import Clock, channel, company, people

CHAT = Path(__file__).parents[3] / "connectors" / "chat"
AR, EN = translator("ar"), translator("en")
ARABIC = re.compile(r"[\u0600-\u06ff]")
WHEN = datetime(2026, 11, 20, tzinfo=UTC)


async def test_every_line_of_a_check_over_three_platforms_is_said_in_arabic(tmp_path: Path) -> None:
    from connectors.chat.teams.sandbox import base_tenant

    far = channel("far", "ana")
    far.members.remove(BOT_ID)
    world = telegram_world({1: "Ana"}, {"team": [1]})
    async with offices(tmp_path, slack=[*people("ana"), far], telegram=world, tenant=base_tenant()) as office:
        await office.know_chats()
        found = await check_up(office.app.settings, EN, now=office.clock)
    instances = {finding.instance for finding in found.findings}
    assert {"acme", TELEGRAM, TEAMS} <= instances
    untold = [
        text
        for finding in found.findings
        for told in [finding_said(finding, AR)]
        for text in (told.message, told.remedy)
        if text and not ARABIC.search(text)
    ]
    assert untold == []


async def test_a_check_without_a_token_that_works_says_so_in_arabic(tmp_path: Path) -> None:
    async with company(tmp_path) as world:
        slack = world.app.settings.slack["acme"].model_copy(update={"bot_token": SecretStr("xoxb-wrong")})
        settings: Settings = world.app.settings.model_copy(update={"slack": {"acme": slack}})
        found = await check_up(settings, EN, now=Clock())
    remedies = [finding_said(one, AR).remedy for one in found.findings if one.instance == "acme"]
    assert any(ARABIC.search(remedy) for remedy in remedies)


READING = FeedReading("snapshot", 100, 2, ("id", "name"), "x", WHEN, WHEN)
WORSE = [
    FeedReading("snapshot", 0, 0, ("id", "name"), "y", WHEN, WHEN),
    FeedReading("snapshot", 50, 2, ("id", "name"), "y", WHEN, WHEN),
    FeedReading("snapshot", 100, 60, ("id", "name"), "y", WHEN, WHEN),
    FeedReading("snapshot", 100, 100, ("id", "name"), "y", WHEN, WHEN),
    FeedReading("snapshot", 100, 2, ("id", "nick"), "y", WHEN, WHEN),
    FeedReading("snapshot", 100, 2, ("id",), "y", WHEN, WHEN, missing_canaries=("E1",)),
    FeedReading("snapshot", 100, 2, ("id", "name"), "y", WHEN, WHEN.replace(year=2027)),
    FeedReading("snapshot", 100, 2, ("id", "name"), "y", WHEN, WHEN.replace(year=2025)),
    FeedReading("snapshot", 100, 2, ("id", "name"), "y", WHEN, WHEN, ends_with_newline=False),
    FeedReading("delta", 100, 2, ("id", "name"), "y", WHEN, WHEN),
]


@pytest.mark.parametrize("reading", WORSE, ids=range(len(WORSE)))
def test_every_reason_of_the_gate_is_said_in_arabic(reading: FeedReading) -> None:
    findings = judge(reading, READING, now=WHEN)
    assert findings
    for finding in findings:
        told = said(finding.message, AR)
        assert ARABIC.search(told), finding.message
        for number in re.findall(r"\d+", finding.message):
            assert number in told
        assert said(finding.message, EN) == finding.message


@pytest.mark.parametrize("platform", ["slack", "telegram", "teams"])
def test_what_every_permission_is_needed_for_is_said_in_arabic(platform: str) -> None:
    for scope in load_manifest(CHAT / platform / "manifest.toml").scopes:
        assert ARABIC.search(needed_for(scope.needed_for, AR)), scope.needed_for


def test_a_name_in_a_sentence_stands_fenced_and_whole() -> None:
    told = said("the bot is not in #لعب\u202eevil; policy lets it join to act", AR)
    assert "\u2068لعبevil\u2069" in told
    assert "\u202e" not in told


def test_what_no_form_fits_is_shown_as_it_was_written() -> None:
    assert said("the moon is down", AR) == "the moon is down"
    assert said("", AR) == ""
    assert needed_for("something new", AR) == "something new"


def test_no_form_is_hidden_by_an_earlier_one() -> None:
    """Each form, filled in, is known again as itself."""
    from bot.words.findings import _patterns

    for form in FORMS:
        filled = re.sub(r"\{(\w+)\}", r"<\1>", form)
        first = next(known for known, pattern in _patterns() if pattern.fullmatch(filled))
        assert first == form


def test_every_purpose_is_one_that_a_manifest_states() -> None:
    stated = {
        scope.needed_for
        for platform in ("slack", "telegram", "teams")
        for scope in load_manifest(CHAT / platform / "manifest.toml").scopes
    }
    assert stated == NEEDS
