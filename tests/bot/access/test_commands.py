"""`bawab staff`, `token`, `case emergency|reschedule|confirm`, and a release that wants two, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.conftest import STAFF, company
from tests.bot.cli.shop import Shop, open_shop
from tests.bot.world import POLICY

BY_BOTH = POLICY.replace("    notify: owner\n", "    approve: both\n    notify: owner\n", 1)


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On disk: a company past its first run, whose policy wants HR and IT."""
    folder = tmp_path_factory.mktemp("both")
    with open_shop(folder, *company()) as shop:
        (folder / "policy.yaml").write_text(BY_BOTH, encoding="utf-8")
        shop.settle_in(*STAFF)
    return folder


@pytest.fixture
def shop(settled: Path, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, *company()) as opened:
        opened.copy_from(settled)
        yield opened


def test_the_first_day_a_file_and_a_token(shop: Shop) -> None:
    nobody = shop.bawab("staff", "list")
    assert (nobody.code, nobody.out) == (0, "")
    assert "bawab staff admin" in nobody.err
    made = shop.bawab("staff", "admin")
    assert made.code == 0
    link = made.out.strip()
    assert "/sign-in/once?code=" in link

    staff = shop.folder / "staff.yaml"
    staff.write_text("version: 1\nstaff:\n  - person: E2\n    roles: [hr, it]\n", encoding="utf-8")
    shop.write_settings(STAFF=str(staff))
    listed = shop.bawab("staff", "list", "--json").data
    assert [(row["id"], row["roles"], row["source"]) for row in listed["staff"]] == [
        ("E2", ["hr", "it"], "file")
    ]
    refused = shop.bawab("staff", "admin")
    assert refused.code == 2
    assert "no one-time administrator is needed" in refused.err
    assert "لا حاجة إلى مسؤول" in shop.bawab("--lang", "ar", "staff", "admin").err

    token = shop.bawab("token", "new", "E2", "--scope", "case.read", "--title", "payroll")
    assert token.out.startswith("bwb_")
    (row,) = shop.bawab("token", "list", "--json").data
    assert (row["staff_id"], row["scopes"], row["ended_at"]) == ("E2", ["case.read"], None)
    assert "token_hash" not in row
    assert shop.bawab("token", "end", row["id"]).code == 0
    assert shop.bawab("token", "list", "--json").data[0]["ended_at"] is not None
    assert shop.bawab("token", "new", "E1", "--scope", "case.read", "--title", "t").code == 2
    everything = shop.bawab("audit", "export", "--json").out + shop.bawab("status", "--json").out
    assert token.out.strip() not in everything
    assert link.partition("code=")[2] not in everything


def test_a_release_that_wants_two_says_who_is_missing(shop: Shop) -> None:
    assert shop.bawab("case", "new", "E1", "--now").code == 4
    (hold,) = shop.bawab("status", "--json").data["holds"]
    first = shop.bawab("release", hold["digest"], "--yes", "--json", name="root")
    assert first.code == 4
    assert first.data[0]["missing"] == [["it"]]
    again = shop.bawab("release", hold["digest"], "--yes", name="Root")
    assert again.code == 2
    assert "a second, different person" in again.err
    assert shop.bawab("release", hold["digest"], "--yes", name="omar").code == 0
    assert shop.bawab("status", "--json").data["holds"] == []


def test_an_emergency_from_the_command_line_and_a_second_persons_word(shop: Shop) -> None:
    assert shop.bawab("case", "emergency", "E1").code == 2, "a reason is asked for"
    done = shop.bawab("case", "emergency", "E1", "--reason", "stolen laptop")
    assert done.code == 0, done.err
    case = done.out.strip()
    assert "confirm" in done.err
    assert "emergency waits" in shop.bawab("status").out
    assert shop.run_once().code in (0, 3)
    assert shop.bawab("case", "confirm", case, "confirmed").code == 2, "whoever asked does not confirm"
    assert shop.bawab("case", "confirm", case, "confirmed", name="omar").code == 0
    assert shop.bawab("status", "--json").data["unconfirmed"] == []


def test_another_day_from_the_command_line(shop: Shop) -> None:
    case = shop.bawab("case", "new", "E1", "--last-day", "2099-11-30").out.strip()
    assert shop.bawab("case", "reschedule", case, "--last-day", "2099-12-31").code == 2, (
        "later, and no reason"
    )
    moved = shop.bawab("case", "reschedule", case, "--last-day", "2099-11-01", "--json")
    assert moved.code == 4, "its approval is asked for anew"
    assert moved.data["due"].startswith("2099-11-01T15:00")
