"""A hold says why with its numbers, what a release does, and what must be mended before one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.locale import translator
from bot.preview import Held, Preview, PreviewRow
from bot.states import HoldKind
from bot.store.tables import HoldRow
from bot.words.holds import cause_lines, hold_line
from policies.thresholds import Limits
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop
from tests.bot.world import POLICY

LEAVES = (STAFF[0].replace(",active,,", ",active,2099-01-01,"), *STAFF[1:])


def held(kind: HoldKind, count: int, cause: dict[str, Any], *rows: PreviewRow) -> Held:
    hold = HoldRow(
        digest="a" * 64, kind=kind, cause=cause, count=count, created_at=datetime(2026, 11, 21, tzinfo=UTC)
    )
    return Held(hold, Preview((), rows, ()))


def row(person: str) -> PreviewRow:
    return PreviewRow(
        "case",
        person,
        person,
        None,
        "acme",
        "slack",
        "U1",
        "C1",
        "ops",
        "revoke",
        "held",
        "r",
        "w",
        None,
        False,
    )


def said(one: Held, language: str = "en") -> str:
    return _bare("\n".join(cause_lines(one, Limits(), translator(language))))


def _bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_a_run_threshold_says_what_it_rests_on() -> None:
    one = held(HoldKind.RUN_THRESHOLD, 18, {"kind": "run", "count": 18, "allowed": 16, "directory": 834})
    assert said(one) == ("18 people in one run, where 16 may go unasked: 2 % of 834, at least 3, at most 50.")
    assert "في تشغيل واحد" in said(one, "ar")


def test_a_day_threshold_says_how_many_were_let_through_before() -> None:
    one = held(HoldKind.DAY_THRESHOLD, 6, {"kind": "day", "count": 18, "allowed": 16, "directory": 400})
    assert "4 % of 400, at least 5, at most 100; 12 of them were already let through today." in said(one)
    assert "12" in said(one, "ar")


def test_a_group_threshold_says_the_same_of_its_group() -> None:
    breach = {"what": "acme: ops", "count": 5, "allowed": 3, "directory": 8}
    one = held(HoldKind.GROUP_THRESHOLD, 2, {"groups": [breach]}, row("E1"), row("E2"))
    assert said(one).startswith(
        "acme: ops: 5 people out of one group in one day, where 3 may go unasked: 25 %"
    )
    assert "3 of them were already let through today" in said(one)


def test_the_first_hold_counts_nobody_where_there_is_nobody_and_says_what_it_switches_on() -> None:
    one = held(HoldKind.OBSERVE, 0, {"people": 0, "policy": "4bfa"})
    assert "(0)" not in hold_line(one.hold, translator("en"))
    assert "ends the first run" in said(one)
    assert "held on their own next" in said(one)
    assert "(2)" in hold_line(held(HoldKind.OBSERVE, 2, {}).hold, translator("en"))
    assert "after the first run" in said(held(HoldKind.FIRST_SEEN, 4, {"people": 4}))


@pytest.fixture
def zoneless(shop: Shop) -> Shop:
    """A last day is stated, and no time zone anywhere."""
    shop.settle_in(*STAFF)
    text = shop.env_file.read_text(encoding="utf-8")
    shop.env_file.write_text(text.replace("BAWAB_TIME_ZONE=Asia/Riyadh\n", ""), encoding="utf-8")
    shop.drop(*LEAVES)
    assert shop.run_once().code == 4
    return shop


def test_a_missing_time_zone_is_said_with_its_remedy(zoneless: Shop) -> None:
    (hold,) = zoneless.bawab("status", "--json").data["holds"]
    shown = zoneless.bawab("preview", "--hold", hold["digest"])
    refused = zoneless.bawab("release", hold["digest"], "--yes")
    assert refused.code == 2
    for told in (shown.out + shown.err, refused.err):
        assert "BAWAB_TIME_ZONE" in told
        assert f"bawab release {hold['digest'][:12]}" in told
        assert "1 person" in told
        assert "no_time_zone" not in told
        assert "Nobody would lose anything" not in told
    arabic = zoneless.bawab("--lang", "ar", "release", hold["digest"], "--yes").err
    assert "BAWAB_TIME_ZONE" in arabic
    assert "without a time zone" not in arabic
    zoneless.write_settings()
    assert zoneless.bawab("release", hold["digest"], "--yes").code == 0, "what it says helps"


def test_a_missing_rule_is_not_called_a_missing_time_zone(shop: Shop) -> None:
    policy = POLICY.replace("on: [leaver, contractor_end]", "on: contractor_end")
    (shop.folder / "policy.yaml").write_text(policy, encoding="utf-8")
    shop.settle_in(*STAFF)
    shop.drop(*LEAVES)
    shop.run_once()
    (hold,) = shop.bawab("status", "--json").data["holds"]
    told = shop.bawab("release", hold["digest"], "--yes").err
    assert "bawab policy check" in told
    assert "time zone" not in told
    assert "time zone" not in shop.bawab("status").out
