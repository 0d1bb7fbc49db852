"""`bawab check`: what is missing before the day, per group where it can be known, with the remedy."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from bot.app import utc_now
from bot.checkup import Checkup, Coverage, check_up
from bot.locale import N_
from bot.setting_sources import DEFAULT, SettingSource, setting_sources, unknown_variables
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.findings import finding_said
from bot.words.kinds import SEVERITIES, worded
from connectors.contract import Finding, Severity

STYLES = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
SOURCES = {"environment": N_("environment"), "env_file": N_("settings file"), "default": N_("default")}


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "check",
        N_(
            "Say what is missing before the day: settings, permissions, groups out of reach, each with its "
            "remedy.\n\nA platform that was paused and is well again goes on working."
        ),
        examples=("check", "check --all", "check --json"),
    )(_check)


async def _check(
    desk: Desk,
    every: Annotated[bool, typer.Option("--all", help=N_("Settings at their defaults, too."))] = False,
) -> ExitCode:
    settings = setting_sources(desk.settings, desk.options.env_file)
    misspelt = unknown_variables(desk.settings, desk.options.env_file)
    found = await check_up(desk.settings, desk.t, now=utc_now, actor=desk.actor)
    findings = [*(_misspelt(desk, one) for one in misspelt), *found.findings]
    found = Checkup(tuple(findings), found.coverage, found.reopened)
    if desk.json:
        desk.data(
            {
                "ok": found.worst is not Severity.ERROR,
                "settings": [asdict(one) for one in settings],
                "findings": [asdict(one) for one in found.findings],
                "coverage": [asdict(one) for one in found.coverage],
                "reopened": list(found.reopened),
            }
        )
    else:
        _settings(desk, [one for one in settings if every or one.source != DEFAULT])
        _findings(desk, found)
    return ExitCode.OPERATOR if found.worst is Severity.ERROR else ExitCode.DONE


def _misspelt(desk: Desk, pair: tuple[str, str]) -> Finding:
    t, (variable, near) = desk.t, pair
    message = t.text("{variable} is set, and no setting reads it", variable=t.isolate(variable))
    remedy = t.text("Take it out, or see .env.example.")
    if near:
        remedy = t.text("Did you mean {name}?", name=t.isolate(near))
    return Finding(Severity.WARNING, "", "unknown_setting", message, remedy)


def _settings(desk: Desk, settings: list[SettingSource]) -> None:
    t = desk.t
    headings = [t.text("Setting"), t.text("Value"), t.text("From")]
    desk.table(headings, [[s.variable, t.isolate(s.value), worded(SOURCES, s.source, t)] for s in settings])
    desk.print()


def _findings(desk: Desk, found: Checkup) -> None:
    t = desk.t
    for finding in (finding_said(one, desk.t) for one in found.findings):
        desk.print(_line(desk, finding), style=STYLES[finding.severity])
        if finding.remedy and finding.severity is not Severity.OK:
            desk.print(f"    {finding.remedy}")
    for coverage in found.coverage:
        desk.print(_coverage(desk, coverage))
    if any(coverage.unmapped for coverage in found.coverage):
        desk.print(
            t.text(
                "Mapped to no post: no post of the policy names these groups, so whoever moves stays in them "
                "until somebody asks their owners. For leavers it makes no difference."
            )
        )
    for instance in found.reopened:
        desk.print(t.text("{instance} is well again; its work goes on.", instance=t.isolate(instance)))
    counts = {s: sum(f.severity is s for f in found.findings) for s in Severity}
    errors = t.plural("{n} error", "{n} errors", counts[Severity.ERROR])
    warnings = t.plural("{n} warning", "{n} warnings", counts[Severity.WARNING])
    desk.say(t.text("; ").join([errors, warnings]))


def _line(desk: Desk, finding: Finding) -> str:
    where = " ".join(filter(None, (finding.instance, finding.group)))
    head = f"{worded(SEVERITIES, finding.severity, desk.t)}  "
    return head + (f"{desk.t.isolate(where)}: " if where else "") + finding.message


def _coverage(desk: Desk, coverage: Coverage) -> str:
    t = desk.t
    return t.text(
        "{instance}: groups: {groups}; not managed: {unmanaged}; mapped to no post: {unmapped}; gaps: {gaps}",
        instance=t.isolate(coverage.instance),
        groups=t.number(coverage.groups),
        unmanaged=t.number(coverage.unmanaged),
        unmapped=t.number(coverage.unmapped),
        gaps=t.number(coverage.gaps),
    )
