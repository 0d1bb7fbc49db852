"""`bawab`: the command line's entry; faults become a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.locale import Translator, translator
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.index import COMMANDS
from bot.surfaces.cli.options import Options
from bot.surfaces.cli.root import Root, root

if TYPE_CHECKING:  # what a command needs is loaded with it: a page of help waits for nothing
    from bot.surfaces.cli.desk import Desk


def build(t: Translator) -> Root:
    """Make the whole command with all that is below it, its help in one language."""
    whole = root(t)
    for name in COMMANDS:
        whole.get_command(None, name)
    return whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    t = translator(_language(given))
    try:
        code = root(t).main(args=given, prog_name="bawab", standalone_mode=False)
    except typer.Abort:
        sys.exit(int(ExitCode.ERROR))
    except Exception as error:  # noqa: BLE001 - the one place where an error becomes words
        file = _value(given, "--env-file")
        options = Options(
            lang=_value(given, "--lang"), env_file=Path(file) if file else None, json="--json" in given
        )
        from bot.surfaces.cli.desk import Desk  # noqa: PLC0415 - as above

        desk = Desk(options)
        if hasattr(error, "format_message"):  # the parser's own: what was typed is no command
            sys.exit(_misspoken(error, desk, given))
        sys.exit(tell(error, desk, debug="--debug" in given))
    sys.exit(code or 0)


def tell(error: Exception, desk: Desk, *, debug: bool = False) -> int:
    """Say what happened, where, and what to do; gives the exit code.

    A program that asked for JSON gets it: one object on stdout, `error` and `exit`.
    """
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    from bot.surfaces.cli.faults import fault_of  # noqa: PLC0415 - as above

    fault = fault_of(error)
    lead = desk.t.text(fault.lead) if fault.lead else ""
    said = "\n".join(filter(None, (lead, _details(error, desk))))
    desk.say(said, style="red")
    if desk.json:
        desk.line({"error": said, "exit": int(fault.code)})
    return int(fault.code)


def _details(error: Exception, desk: Desk) -> str:
    """Say the details in the reader's language and zone; where the settings are the error, in UTC."""
    from bot.settings import SettingsProblem  # noqa: PLC0415 - as above
    from bot.surfaces.cli.faults import details_of  # noqa: PLC0415 - as above

    try:
        return details_of(error, desk.t, desk.zone)
    except SettingsProblem:
        return details_of(error, desk.t)


def _misspoken(error: Any, desk: Desk, given: Sequence[str]) -> int:
    """Let the parser say what it did not understand, and add what it cannot know."""
    error.show()
    if any(_EXCLUDES.match(word) for word in given) and "--" not in given:
        desk.say(desk.t.text("To exclude by a qualifier, write -- before the words of the search."))
    if desk.json and error.format_message():
        desk.line({"error": error.format_message(), "exit": error.exit_code})
    return int(error.exit_code)


_EXCLUDES = re.compile(r"-[a-z_]+:")
"""A qualifier of a search that excludes, which the parser takes for an option."""


def _language(given: Sequence[str]) -> str | None:
    """Find the language before anything is parsed: help and usage errors need it too."""
    return _value(given, "--lang") or os.environ.get("BAWAB_LANGUAGE")


def _value(given: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(given):
        if word == option and place + 1 < len(given):
            return given[place + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


if __name__ == "__main__":
    main()
