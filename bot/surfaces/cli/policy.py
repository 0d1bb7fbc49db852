"""`bawab policy check|schema`: is the policy right, and how an editor can say so while it is written."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.locale import N_
from bot.policy_shelf import PolicyShelf, policy_files
from bot.settings import SettingsProblem
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from policies.complaints import PolicyComplaint, PolicyError
from policies.loader import json_schema

group = new_group("policy", N_("Policies: check, schema for editors."))


async def _check(
    desk: Desk,
    path: Annotated[
        Path | None, typer.Argument(help=N_("A file or folder; else the one in the settings."))
    ] = None,
) -> ExitCode:
    try:
        _all_text(desk, path)
        shelf = PolicyShelf.load(path or desk.settings.policies)
    except PolicyError as error:
        if not desk.json:
            raise
        desk.data({"ok": False, "complaints": [asdict(one) for one in error.complaints]})
        return ExitCode.OPERATOR
    rules = [rule.id for rule in shelf.current.rules]
    if desk.json:
        desk.data({"ok": True, "digest": shelf.current.digest, "files": list(shelf.files), "rules": rules})
        return ExitCode.DONE
    t = desk.t
    for rule in shelf.current.rules:
        desk.print(f"{rule.id}: {', '.join(rule.on)} -> {rule.action}")
    desk.say(t.plural("{n} rule, nothing wrong with it", "{n} rules, nothing wrong with them", len(rules)))
    desk.say(t.text("Version: {digest}", digest=shelf.current.digest[:16]))
    return ExitCode.DONE


def _all_text(desk: Desk, given: Path | None) -> None:
    """Raise PolicyError at the line and column of each file's first byte that is not UTF-8."""
    complaints = []
    for file in _files(desk, given):
        raw = file.read_bytes()
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8")
            line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
            complaints.append(
                PolicyComplaint(str(file), line, column, "this is not UTF-8", "save it as UTF-8")
            )
    if complaints:
        raise PolicyError(complaints)


def _files(desk: Desk, given: Path | None) -> tuple[Path, ...]:
    path = given or desk.settings.policies
    try:
        return policy_files(path) if path else ()
    except SettingsProblem:
        if given is None:
            raise
        # What was typed is at fault, not what is set.
        said = desk.t.text(
            "{path}: there is no policy file (*.yaml) here; name a file or a folder.", path=given
        )
        raise Refused(said) from None


async def _schema(desk: Desk) -> ExitCode:
    desk.data(json_schema())
    return ExitCode.DONE


command(
    group,
    "check",
    N_("Check policy files; every complaint at file, line and column, with a suggestion."),
    examples=("policy check", "policy check policies/"),
)(_check)
command(
    group,
    "schema",
    N_("Print the JSON Schema of a policy file, for editors."),
    examples=("policy schema > policy.schema.json",),
)(_schema)
