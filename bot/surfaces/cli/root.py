"""The command above all commands: knows their names and help by heart, and loads the one asked for."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from bot.locale import N_, Translator
from bot.surfaces.cli.commands import EXAMPLES, VERSION, shared_callback, speak, unjudged, with_shared
from bot.surfaces.cli.index import COMMANDS

HELP = N_(
    "Bawab, the doorkeeper: takes leavers and transferred staff out of every team chat group, proves it, "
    "and logs it."
)
MORE = {"case": ("case_changes",)}
"""Modules that add commands to another's group."""
EXAMPLES[""] = ("check", "preview", "run", "status")


class Root(TyperGroup):
    """All commands by name; each is made when somebody asks for it."""

    reader: Translator

    def get_params(self, ctx: Any) -> list[Any]:
        """Give the shared options, none of which is judged where it was not given."""
        return unjudged(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's form
        """Name every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's form
        """Give one command, loading what it needs; None where there is none of that name."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            made = load(cmd_name)
            speak(made, self.reader, cmd_name)
            self.commands[cmd_name] = made
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's form
        """List every command with the first line of its help, and load none."""
        width = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [(name, self._short(name, width)) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _short(self, name: str, width: int) -> str:
        said = self.reader.text(COMMANDS[name][1]).split("\n")[0]
        return TyperCommand(name, short_help=said).get_short_help_str(width)


def load(name: str) -> Any:
    """Make one command in English, with all that is below it."""
    holder = _typer()
    holder.callback()(lambda: None)
    module = _module(COMMANDS[name][0])
    if hasattr(module, "group"):
        holder.add_typer(module.group)
    else:
        module.register(holder)
    made: Any = typer.main.get_command(holder)
    return made.commands[name]


@cache
def _module(name: str) -> ModuleType:
    """Load the module of a command, and what belongs to it, once."""
    module = importlib.import_module(f"bot.surfaces.cli.{name}")
    for more in MORE.get(name, ()):
        importlib.import_module(f"bot.surfaces.cli.{more}").register(module.group)
    return module


def root(t: Translator) -> Root:
    """Make the command above all, its help in one language."""
    above = _typer(add_completion=True)
    above.callback(cls=Root)(with_shared(shared_callback, [VERSION]))
    made: Any = typer.main.get_command(above)
    made.reader = t
    speak(made, t)
    assert isinstance(made, Root)  # noqa: S101 - typer says less than it does
    return made


def _typer(*, add_completion: bool = False) -> typer.Typer:
    return typer.Typer(
        name="",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=add_completion,
    )
