"""The page of all commands loads none of them, and says of each what it says itself."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import bot.surfaces.cli
from bot.surfaces.cli.index import COMMANDS
from bot.surfaces.cli.root import MORE, load


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_all_commands_says_what_the_command_says(name: str) -> None:
    assert COMMANDS[name][1] == load(name).help, "copy the command's help to bot/surfaces/cli/index.py"


def test_no_module_that_makes_a_command_is_left_out() -> None:
    known = {module for module, _ in COMMANDS.values()} | {one for more in MORE.values() for one in more}
    found = set()
    for one in pkgutil.iter_modules(bot.surfaces.cli.__path__):
        module = importlib.import_module(f"bot.surfaces.cli.{one.name}")
        if hasattr(module, "register") or hasattr(module, "group"):
            found.add(one.name)
    assert found == known, "name the command, its module and its help in bot/surfaces/cli/index.py"
