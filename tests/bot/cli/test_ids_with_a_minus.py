"""Ids of Telegram's groups begin with a minus: typed as they are shown, they are ids and no options."""

from __future__ import annotations

import pytest
from typer.core import TyperGroup

from bot.locale import translator
from bot.surfaces.cli.commands import ids_last
from bot.surfaces.cli.main import build

VALUED = frozenset({"--owner", "--limit"})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["-1001900000003"], ["--", "-1001900000003"]),
        (["E4", "-1001900000003"], ["E4", "--", "-1001900000003"]),
        (["-100", "--owner", "E3"], ["--owner", "E3", "--", "-100"]),
        (["--dry-run", "-100", "lunch"], ["--dry-run", "lunch", "--", "-100"]),
        (["--limit", "-5"], ["--limit", "-5"]),
        (["--", "-100"], ["--", "-100"]),
        (["sales", "--onwer", "E3"], ["sales", "--onwer", "E3"]),
    ],
)
def test_an_id_is_told_from_an_option(given: list[str], read: list[str]) -> None:
    assert ids_last(given, VALUED) == read


def test_a_command_takes_such_an_id_wherever_its_options_stand() -> None:
    groups = build(translator("en")).commands["groups"]
    assert isinstance(groups, TyperGroup)
    set_ = groups.commands["set"]
    given = set_.make_context("set", ["-1001900000003", "--owner", "E3", "--dry-run"])
    assert given.params["group"] == "-1001900000003"
    assert given.params["owner"] == "E3"
    assert given.params["dry_run"] is True
