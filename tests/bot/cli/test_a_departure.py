"""A departure from the first `bawab run` to the proof, typed as a person types it."""

from __future__ import annotations

from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop


def test_from_a_case_by_hand_to_a_verified_removal(settled: Shop) -> None:
    opened = settled.bawab("case", "new", "E1", "--now", "--json")
    assert opened.code == 0, opened.err
    assert "UANA" in settled.members("C-lunch"), "opening a case removes nobody"

    preview = settled.bawab("preview", "--json").data["rows"]
    assert {row["group"] for row in preview if row["verdict"] == "act"} == {"sales-riyadh", "lunch"}

    ran = settled.run_once()
    assert ran.code == 0, ran.err
    assert settled.members("C-lunch") == ["UBOT", "UNOURA", "UOMAR"]
    assert "removed, and checked" in ran.err

    shown = settled.bawab("case", "show", opened.data["id"])
    assert "completed" in shown.out
    assert "observed" in shown.out
    assert "What remains with the person" in shown.out
    assert settled.bawab("audit", "verify").code == 0


def test_a_first_run_is_held_and_says_how_it_is_let_go(shop: Shop) -> None:
    shop.drop(*STAFF)
    ran = shop.run_once()
    assert ran.code == 4
    assert "bawab release" in ran.err
