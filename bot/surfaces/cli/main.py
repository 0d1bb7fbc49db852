"""`bawab`: the command line's entry; faults become a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
import typer

from bot.locale import N_, Translator, translator
from bot.settings import SettingsProblem
from bot.surfaces.cli import (
    audit,
    backup,
    case,
    case_changes,
    check,
    demo,
    drift,
    explain,
    feed,
    groups,
    link,
    migrate_database,
    notices,
    person,
    policy,
    preview,
    reconcile,
    release,
    restore,
    run,
    staff,
    status,
    task,
    token,
    worker,
)
from bot.surfaces.cli.commands import EXAMPLES, VERSION, shared_callback, speak, with_shared
from bot.surfaces.cli.desk import Desk, Options
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import details_of, fault_of

HELP = N_(
    "Bawab, the doorkeeper: takes leavers and transferred staff out of every team chat group, proves it, "
    "and logs it."
)
case_changes.register(case.group)
ALONE = (
    run,
    worker,
    preview,
    explain,
    person,
    release,
    check,
    status,
    reconcile,
    demo,
    backup,
    restore,
    migrate_database,
)
"""Commands that belong to no group, in the order of the help."""
EXAMPLES[""] = ("check", "preview", "run", "status")


def build(t: Translator) -> Any:
    """Make the whole command, its help in one language."""
    root = typer.Typer(
        name="", help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    root.callback()(with_shared(shared_callback, [VERSION]))
    for part in ALONE:
        part.register(root)
    for group in (
        case.group,
        feed.group,
        policy.group,
        audit.group,
        task.group,
        drift.group,
        link.group,
        groups.group,
        staff.group,
        token.group,
        notices.group,
    ):
        root.add_typer(group)
    command = typer.main.get_command(root)
    speak(command, t)
    return command


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    t = translator(_language(given))
    try:
        code = build(t).main(args=given, prog_name="bawab", standalone_mode=False)
    except typer.Abort:
        sys.exit(int(ExitCode.ERROR))
    except Exception as error:  # noqa: BLE001 - the one place where an error becomes words
        file = _value(given, "--env-file")
        options = Options(
            lang=_value(given, "--lang"), env_file=Path(file) if file else None, json="--json" in given
        )
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
    fault = fault_of(error)
    lead = desk.t.text(fault.lead) if fault.lead else ""
    said = "\n".join(filter(None, (lead, _details(error, desk))))
    desk.say(said, style="red")
    if desk.json:
        desk.line({"error": said, "exit": int(fault.code)})
    return int(fault.code)


def _details(error: Exception, desk: Desk) -> str:
    """Say the details in the reader's language and zone; where the settings are the error, in UTC."""
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
