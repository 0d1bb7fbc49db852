"""How a command is made: an async body, the options all commands share, and its examples before its prose."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Awaitable, Callable, Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from bot.locale import N_, Translator
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.options import Options

if TYPE_CHECKING:
    from bot.surfaces.cli.desk import Desk


class Language(StrEnum):
    """The languages that `--lang` takes."""

    EN = "en"
    AR = "ar"


Body = Callable[..., Awaitable[ExitCode]]
Look = Callable[["Desk"], ExitCode | None]
"""Answers a command at once, without its body; None where the body must be asked."""

SHARED: dict[str, Any] = {
    "json": Annotated[bool | None, typer.Option("--json", help=N_("Print data as JSON."))],
    "env_file": Annotated[
        Path | None, typer.Option("--env-file", help=N_("Read settings from this file, not from .env."))
    ],
    "as_name": Annotated[
        str | None, typer.Option("--as", metavar="NAME", help=N_("Who acts; the log names them."))
    ],
    "lang": Annotated[Language | None, typer.Option("--lang", help=N_("English or Arabic."))],
    "debug": Annotated[
        bool | None, typer.Option("--debug", help=N_("Show where an unexpected error comes from."))
    ],
}
EXAMPLES: dict[str, tuple[str, ...]] = {}
"""Command path (`case list`) → example lines."""


def new_group(name: str, help_: str) -> typer.Typer:
    """Make a group of commands; without a command it shows its help."""
    return typer.Typer(name=name, help=help_, no_args_is_help=True, rich_markup_mode=None)


_NEGATIVE = re.compile(r"-\d+")
"""Telegram's groups have ids that begin with a minus; no option of ours is a number."""


def ids_last(given: Sequence[str], valued: Collection[str]) -> list[str]:
    """Put ids that begin with a minus behind `--`, where they are no options; `valued` take the next word."""
    if "--" in given:
        return list(given)
    before = ["", *given]
    ids = [w for last, w in zip(before, given, strict=False) if _NEGATIVE.fullmatch(w) and last not in valued]
    return [*(word for word in given if word not in ids), "--", *ids] if ids else list(given)


class _Option(TyperOption):
    """An option that is not judged where it was not given: typer would load pydantic to find None well."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        if value is None and not (self.required or self.multiple) and self.nargs == 1:
            return self.callback(ctx, self, value) if self.callback is not None else None
        return super().process_value(ctx, value)


def unjudged(parameters: list[Any]) -> list[Any]:
    """Make a command's options such; typer makes them itself, and asks nobody for their class."""
    for one in parameters:
        if type(one) is TyperOption:
            one.__class__ = _Option
    return parameters


class _Command(TyperCommand):
    """A command that takes a group's id for what it is, minus and all."""

    def get_params(self, ctx: Any) -> list[Any]:
        return unjudged(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        flags = {name for one in self.params if getattr(one, "is_flag", False) for name in one.opts}
        valued = {name for one in self.params for name in one.opts if name.startswith("-")} - flags
        return list(super().parse_args(ctx, ids_last(args, valued)))


def command(
    group: typer.Typer, name: str, help_: str, *, examples: tuple[str, ...], look: Look | None = None
) -> Callable[[Body], Body]:
    """Register `body(desk, …)` as a command: its parameters after the desk are typer's, as usual.

    `look` is asked first, where there is one.
    """

    def register(body: Body) -> Body:
        path = f"{group.info.name} {name}" if group.info.name else name
        EXAMPLES[path] = examples
        group.command(name, help=help_, cls=_Command)(_callback(body, look))
        return body

    return register


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - as above

        typer.echo(f"bawab {version('bawab')}")
        raise typer.Exit


VERSION = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_tell_version, help=N_("Print the version.")),
    ],
)


def shared_callback(context: typer.Context, **given: Any) -> None:
    """Take the shared options where they stand before the command's name."""
    context.obj = Options(**{name: given[name] for name in SHARED})


def with_shared(run: Callable[..., None], own: list[inspect.Parameter]) -> Callable[..., None]:
    """Give a function the signature typer reads: the context, its own parameters, then the shared ones."""
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    kind = inspect.Parameter.KEYWORD_ONLY
    own = [one.replace(kind=kind) for one in own]
    shared = [inspect.Parameter(name, kind, default=None, annotation=hint) for name, hint in SHARED.items()]
    parameters = [context, *own, *shared]
    described: Any = run
    described.__signature__ = inspect.Signature(parameters)
    described.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _callback(body: Body, look: Look | None) -> Callable[..., None]:
    hints = typing.get_type_hints(body, include_extras=True)
    parameters = list(inspect.signature(body).parameters.values())[1:]

    def run(context: typer.Context, **given: Any) -> None:
        from bot.surfaces.cli.desk import Desk  # noqa: PLC0415 - a page of help needs nothing of it

        shared = Options(**{name: given.pop(name) for name in SHARED})
        desk = Desk(shared.over(context.obj or Options()))
        code = look(desk) if look is not None else None
        raise typer.Exit(int(_carried_out(body, desk, given) if code is None else code))

    return with_shared(run, [one.replace(annotation=hints[one.name]) for one in parameters])


def _carried_out(body: Body, desk: Any, given: dict[str, Any]) -> ExitCode:
    import asyncio  # noqa: PLC0415 - as above

    import structlog  # noqa: PLC0415 - as above

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    return asyncio.run(_awaited(body, desk, given))


async def _awaited(body: Body, desk: Any, given: dict[str, Any]) -> ExitCode:
    return await body(desk, **given)


def _of_each(group: str) -> list[str]:
    """Give a group the first example of each of its commands."""
    return [examples[0] for path, examples in EXAMPLES.items() if group and path.startswith(f"{group} ")]


def speak(command_: Any, t: Translator, path: str = "") -> None:
    """Put a command's help, and that of all below it, into the reader's language, examples first."""
    prose = t.text(command_.help) if command_.help else ""
    command_.short_help = prose.split("\n")[0]
    lines = [f"  bawab {example}".rstrip() for example in EXAMPLES.get(path) or _of_each(path)]
    head = "\n".join(["\b", t.text("Examples:"), *lines]) + "\n\n" if lines else ""
    command_.help = head + prose
    for parameter in command_.params:
        if getattr(parameter, "help", None):
            parameter.help = t.text(parameter.help)
    for name, below in getattr(command_, "commands", {}).items():
        speak(below, t, f"{path} {name}".strip())
