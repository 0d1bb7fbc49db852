"""`bawab estimate` as a person types it, and what a case says of planned and made calls."""

from __future__ import annotations

from tests.bot.cli.shop import Shop


def test_the_calls_the_time_and_the_way_are_said_for_each_platform(shop: Shop) -> None:
    answer = shop.bawab("estimate", "--leavers", "1", "--groups", "200")
    assert answer.code == 0
    for word in ("conversations.kick", "users.conversations", "203 calls", "4 minutes"):
        assert word in answer.out


def test_the_same_as_data_and_nothing_is_asked_of_any_platform(shop: Shop) -> None:
    asked = len(shop.sandbox.journal)
    (found,) = shop.bawab("estimate", "--leavers", "1000", "--groups", "20", "--shared", "--json").data
    assert len(shop.sandbox.journal) == asked
    take_out = next(way for way in found["ways"] if way["part"] == "take_out")
    assert (take_out["name"], take_out["calls"]) == ("conversations.kick", 20_000)
    assert found["calls"] == 23_000
    assert {way["name"] for way in found["offered"]} == {
        "admin.users.session.resetBulk",
        "scim.users.patch",
    }


def test_in_arabic_too(shop: Shop) -> None:
    answer = shop.bawab("--lang", "ar", "estimate", "--leavers", "1", "--groups", "200")
    assert "في 4 دقائق على الأقل" in answer.out or "في ٤ دقائق على الأقل" in answer.out


def test_a_number_that_makes_no_sense_is_refused(shop: Shop) -> None:
    assert shop.bawab("estimate", "--leavers", "0", "--groups", "1").code == 2


def test_a_case_says_what_was_planned(settled: Shop) -> None:
    settled.bawab("case", "new", "E1", "--now", name="omar")
    assert settled.run_once().code == 0
    (case,) = settled.bawab("case", "list", "--all", "--json").data
    (said,) = case["effort"].values()
    removals = len(settled.sandbox.calls("conversations.kick"))
    assert said["planned"] == removals + 1, "each removal, and one reading of what they are in"
    assert "planned" in settled.bawab("case", "show", case["id"]).out
