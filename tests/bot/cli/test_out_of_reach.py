"""A preview promises only what the bot can do: the rest is by hand, with a name, or will not be done."""

from __future__ import annotations

import csv
import io

import pytest

from connectors.chat.slack.sandbox import BOT_ID, UserGroup
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop
from tests.bot.world import POLICY, channel

REGISTRY = """\
version: 1
groups:
  - {instance: phones, group: family, owner: E2, deputy: E3, members: [E1, E2, E3]}
  - {instance: acme, group: C-far, owner: E1, deputy: E3}
"""


@pytest.fixture
def leaving(shop: Shop) -> Shop:
    """Ana leaves: one phone group, one channel without the bot, and user groups of one and of two."""
    (shop.folder / "groups.yaml").write_text(REGISTRY, encoding="utf-8")
    shop.write_settings(REGISTRY=str(shop.folder / "groups.yaml"), MANUAL__PHONES__PLATFORM="whatsapp")
    far = channel("far", "ana", "omar")
    far.members.remove(BOT_ID)
    shop.sandbox.workspace.add(
        far,
        UserGroup("S-alone", handle="alone", users=["UANA"]),
        UserGroup("S-two", handle="two", users=["UANA", "UOMAR"]),
    )
    shop.settle_in(*STAFF)
    assert shop.bawab("case", "new", "E1", "--now").code == 0
    return shop


def test_the_preview_tells_what_is_by_hand_and_whom_it_would_ask(leaving: Shop) -> None:
    rows = {row["group"]: row for row in leaving.bawab("preview", "--json").data["rows"]}
    told = {group: (row["verdict"], row["refusal"], row["task_for"]) for group, row in rows.items()}
    assert told["family"] == ("by_hand", "no_api", "نورة القحطاني")
    assert told["far"] == ("by_hand", "bot_not_in_group", "Omar Haddad"), "not the person who leaves"
    assert told["alone"] == ("blocked", "last_member", "")
    assert told["two"] == told["lunch"] == told["sales-riyadh"] == ("act", None, "")
    out = leaving.bawab("preview", "--format", "csv").out.removeprefix("\ufeff")
    assert {r["group"]: r["verdict"] for r in csv.DictReader(io.StringIO(out))} == {
        group: row["verdict"] for group, row in rows.items()
    }


def _bare(line: str) -> str:
    """A line without the marks that fence off names."""
    return line.replace("\u2068", "").replace("\u2069", "")


def test_the_table_says_by_hand_and_counts_it_apart(leaving: Shop) -> None:
    answer = leaving.bawab("preview")
    said = {
        group: next(line for line in answer.out.splitlines() if group in _bare(line).split())
        for group in ("family", "far", "alone", "two")
    }
    assert "by hand" in said["family"]
    assert "a task for" in said["family"]
    assert "by hand" in said["far"]
    assert "will not be done" in said["alone"]
    assert "will be done" in said["two"]
    assert "3 acts" in answer.err
    assert "2 by hand" in answer.err
    assert "يدويًا" in leaving.bawab("--lang", "ar", "preview").out


def test_what_is_promised_is_what_comes_true(leaving: Shop) -> None:
    promised = {row["group"]: row["verdict"] for row in leaving.bawab("preview", "--json").data["rows"]}
    leaving.run_once()
    case = leaving.bawab("case", "list", "--all", "--json").data[0]["id"]
    steps = leaving.bawab("case", "show", case, "--json").data["steps"]
    ends = {"delegated": "by_hand", "verified_absent": "act", "blocked": "blocked"}
    assert {step["group"]["name"]: ends[step["state"]] for step in steps} == promised


def test_explain_says_the_same(leaving: Shop) -> None:
    phone = leaving.bawab("explain", "E1", "family").out
    assert "by hand" in phone
    assert "نورة القحطاني" in phone
    assert leaving.bawab("explain", "E1", "far", "--json").data[0]["verdict"] == "by_hand"
    assert leaving.bawab("explain", "E1", "alone", "--json").data[0]["verdict"] == "blocked"
    assert leaving.bawab("explain", "E2", "family", "--json").data[0]["verdict"] == "by_hand", "no case yet"


def test_a_rule_that_lets_the_bot_join_leaves_nothing_by_hand_there(leaving: Shop) -> None:
    joining = POLICY.replace("    action: remove\n", "    action: remove\n    join_to_act: true\n")
    (leaving.folder / "policy.yaml").write_text(joining, encoding="utf-8")
    assert leaving.bawab("explain", "E3", "far", "--json").data[0]["verdict"] == "act"


def test_a_release_binds_what_it_showed_as_by_hand(shop: Shop) -> None:
    (shop.folder / "groups.yaml").write_text(REGISTRY, encoding="utf-8")
    shop.write_settings(REGISTRY=str(shop.folder / "groups.yaml"), MANUAL__PHONES__PLATFORM="whatsapp")
    approved = POLICY.replace("    notify: owner\n", "    approve: hr\n    notify: owner\n", 1)
    (shop.folder / "policy.yaml").write_text(approved, encoding="utf-8")
    shop.settle_in(*STAFF)
    assert shop.bawab("case", "new", "E1", "--now").code == 4
    (hold,) = shop.bawab("status", "--json").data["holds"]
    released = shop.bawab("release", hold["digest"], "--yes", "--json", name="omar")
    assert released.data[0]["memberships"] == 3
    shop.run_once()
    case = shop.bawab("case", "list", "--all", "--json").data[0]["id"]
    steps = shop.bawab("case", "show", case, "--json").data["steps"]
    assert {step["group"]["name"]: step["state"] for step in steps}["family"] == "delegated"
    assert not any(step["since_approval"] for step in steps)
