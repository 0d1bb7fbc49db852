"""`bawab groups`: every group known from any platform, who answers for it, and what nobody looks after."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.app import Bawab
from bot.groups.register import By, Change, find_group, register, review, set_fields
from bot.groups.report import BY_MEMBERS, GroupEntry, ReportKind, catalogue, reported
from bot.groups.report_members import look_inside
from bot.groups.report_reading import Reading, read_groups
from bot.locale import N_
from bot.people.who import the_person
from bot.surfaces.cli.commands import SHARED, command, with_shared
from bot.surfaces.cli.desk import Desk, Options
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.surfaces.cli.groups_page import (
    plain_entry,
    plain_inside,
    show_group,
    show_inside,
    show_list,
    show_report,
)
from policies.model import Sensitivity
from policies.registry_edit import Value

group = typer.Typer(
    name="groups",
    help=N_("Every group known from any platform: list, show, report, register, set, review."),
    invoke_without_command=True,
    rich_markup_mode=None,
)
Instance = Annotated[
    str | None, typer.Option("--instance", metavar="NAME", help=N_("Only this workspace, bot or tenant."))
]
NoRead = Annotated[
    bool, typer.Option("--no-read", help=N_("Ask no platform: only what was seen at the last look."))
]
GroupName = Annotated[
    str,
    typer.Argument(metavar="GROUP", help=N_("The group's id, or its whole name as the platform shows it.")),
]
GroupNames = Annotated[
    list[str],
    typer.Argument(metavar="GROUP...", help=N_("Ids, or whole names as the platform shows them.")),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=N_("Only show what would change in the file."))]


class Unsettable(StrEnum):
    """The fields that `--unset` takes out of a row."""

    OWNER = "owner"
    DEPUTY = "deputy"
    PURPOSE = "purpose"
    SENSITIVITY = "sensitivity"
    TAGS = "tags"
    LANGUAGE = "language"
    URL = "url"
    NAME = "name"


async def _list(
    desk: Desk,
    instance: Instance = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="WHO", help=N_("Only those this person answers for."))
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=N_("Those that are no longer there, too."))] = False,
    no_read: NoRead = False,
) -> ExitCode:
    async with desk.open() as app:
        since = app.now()
        readings = await _readings(desk, app, instance, no_read=no_read)
        entries = await catalogue(app, instance, gone=every)
        if owner is not None:
            async with app.store.read() as tx:
                wanted = (await the_person(tx, owner)).id
            entries = [one for one in entries if wanted in _answering(one)]
    if desk.json:
        desk.data([plain_entry(one) for one in entries])
    else:
        show_list(desk, entries, None if no_read else since)
    return _say_readings(desk, readings, entries)


def _answering(one: GroupEntry) -> set[str]:
    return {who.id for who in (one.owner, one.deputy) if who is not None}


async def _readings(desk: Desk, app: Bawab, instance: str | None, *, no_read: bool) -> list[Reading]:
    """Read the platforms, unless nobody wants to; an instance that is not configured is refused."""
    if instance is not None and instance not in app.chat:
        known = desk.t.list([desk.t.isolate(name) for name in sorted(app.chat)])
        raise Refused(
            desk.t.text("No instance is called {name}; there is {known}.", name=instance, known=known)
        )
    if no_read:
        return []
    with desk.progress(desk.t.text("Reading the platforms")) as progress:
        return await read_groups(app, None if instance is None else [instance], progress=progress)


def _say_readings(desk: Desk, readings: Sequence[Reading], entries: Sequence[GroupEntry]) -> ExitCode:
    """Say what could not be read, and as of when its groups are shown."""
    t, failed = desk.t, [one for one in readings if one.error is not None]
    for one in failed:
        seen = [entry.last_seen for entry in entries if entry.instance == one.instance and entry.last_seen]
        name, problem = t.isolate(one.instance), str(one.error)
        if seen:
            said = N_("{instance} could not be read, and is shown as it was on {when}: {problem}")
            desk.say(t.text(said, instance=name, when=desk.moment(max(seen)), problem=problem), style="red")
        else:
            said = N_("{instance} could not be read, and was never read before: {problem}")
            desk.say(t.text(said, instance=name, problem=problem), style="red")
    return ExitCode.EXCEPTIONS if failed else ExitCode.DONE


async def _show(desk: Desk, group: GroupName, instance: Instance = None) -> ExitCode:
    async with desk.open() as app:
        found = await find_group(app, group, instance)
    if desk.json:
        desk.data(plain_entry(found))
    else:
        show_group(desk, found)
    return ExitCode.DONE


async def _report(
    desk: Desk,
    kind: Annotated[ReportKind, typer.Argument(help=N_("What to look for."))],
    instance: Instance = None,
    days: Annotated[
        int, typer.Option("--days", min=1, help=N_("For unreviewed: how old a review may be."))
    ] = 365,
    no_read: NoRead = False,
) -> ExitCode:
    async with desk.open() as app:
        readings = await _readings(desk, app, instance, no_read=no_read)
        entries = await catalogue(app, instance)
        if kind in BY_MEMBERS:
            code = await _inside(desk, app, entries, kind)
        else:
            today = app.now().astimezone(ZoneInfo(desk.zone)).date()
            found = reported(entries, kind, today=today, every=timedelta(days=days))
            if desk.json:
                desk.data([plain_entry(one) for one in found])
            else:
                show_report(desk, kind, found)
            code = ExitCode.DONE
    return ExitCode.worst(code, _say_readings(desk, readings, entries))


async def _inside(desk: Desk, app: Bawab, entries: Sequence[GroupEntry], kind: ReportKind) -> ExitCode:
    with desk.progress(desk.t.text("Reading members")) as progress:
        found = await look_inside(app, entries, kind, progress=progress)
    if desk.json:
        desk.data(
            {
                "members": [plain_inside(one) for one in found.inside],
                "blind": [asdict(gap) for gap in found.blind],
                "doubtful": found.doubtful,
                "groups": found.groups,
            }
        )
    else:
        show_inside(desk, kind, found)
    for name, error in found.unread:
        said = N_("{instance} could not be read whole: {problem}")
        desk.say(desk.t.text(said, instance=desk.t.isolate(name), problem=str(error)), style="red")
    return ExitCode.EXCEPTIONS if found.unread else ExitCode.DONE


async def _register(
    desk: Desk,
    groups: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP...", help=N_("Ids, or whole names as the platform shows them.")),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=N_("Every group that nobody has registered."))] = False,
    instance: Instance = None,
    dry_run: DryRun = False,
) -> ExitCode:
    if bool(groups) == every:
        raise Refused(desk.t.text("Say which groups: name them, or give --all, and not both."))
    async with desk.open() as app:
        change = await register(app, groups or [], By(desk.actor, dry_run), instance, every=every)
    return _tell(desk, change)


async def _set(
    desk: Desk,
    group: GroupName,
    owner: Annotated[
        str | None, typer.Option(metavar="WHO", help=N_("Who answers for it: employee id, e-mail or name."))
    ] = None,
    deputy: Annotated[
        str | None, typer.Option(metavar="WHO", help=N_("Who answers when the owner does not."))
    ] = None,
    purpose: Annotated[str | None, typer.Option(help=N_("What the group is for."))] = None,
    sensitivity: Annotated[
        Sensitivity | None, typer.Option(help=N_("How much harm a forgotten member can do there."))
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help=N_("A tag for policies; repeat it; replaces the old ones.")),
    ] = None,
    language: Annotated[str | None, typer.Option(help=N_("The group's language, such as ar."))] = None,
    url: Annotated[str | None, typer.Option(help=N_("A link to where the group is described."))] = None,
    name: Annotated[str | None, typer.Option(help=N_("What the group is called here."))] = None,
    unset: Annotated[list[Unsettable] | None, typer.Option("--unset", help=N_("Take a field out."))] = None,
    instance: Instance = None,
    dry_run: DryRun = False,
) -> ExitCode:
    given: dict[str, Value] = {
        "owner": owner,
        "deputy": deputy,
        "purpose": purpose,
        "sensitivity": sensitivity.value if sensitivity else None,
        "tags": tuple(tag) if tag else None,
        "language": language,
        "url": url,
        "name": name,
    }
    fields = {key: value for key, value in given.items() if value}
    gone = [one.value for one in unset or ()]
    if not fields and not gone:
        raise Refused(desk.t.text("Say what to set, such as --owner E7, or what to take out with --unset."))
    if both := sorted(set(fields) & set(gone)):
        raise Refused(desk.t.text("Set {field} or take it out, and not both.", field=", ".join(both)))
    async with desk.open() as app:
        by = By(desk.actor, dry_run)
        change = await set_fields(app, group, fields | dict.fromkeys(gone), by, instance)
    return _tell(desk, change)


async def _review(
    desk: Desk, groups: GroupNames, instance: Instance = None, dry_run: DryRun = False
) -> ExitCode:
    async with desk.open() as app:
        change = await review(app, groups, desk.name, By(desk.actor, dry_run), instance)
    return _tell(desk, change)


def _tell(desk: Desk, change: Change) -> ExitCode:
    t, names = desk.t, [desk.t.isolate(one.entry.name or one.entry.id) for one in change.written]
    if desk.json:
        desk.data(
            {
                "file": change.file,
                "saved": change.saved,
                "diff": change.diff,
                "groups": [
                    {
                        "instance": one.entry.instance,
                        "id": one.entry.id,
                        "name": one.entry.name,
                        "before": dict(one.before),
                        "after": dict(one.after),
                    }
                    for one in change.written
                ],
            }
        )
    elif change.diff:
        desk.raw(change.diff)
    if change.saved:
        desk.say(t.text("Written to {file}: {groups}", file=t.isolate(change.file), groups=t.list(names)))
    elif change.diff:
        desk.say(t.text("Nothing was written: this is what would change."))
    else:
        desk.say(t.text("Nothing to change: the file says so already."))
    return ExitCode.DONE


def _bare(context: typer.Context, **given: Any) -> None:
    """List the groups where no command follows; pass the shared options on where one does."""
    shared = Options(**{name: given.pop(name) for name in SHARED})
    context.obj = shared.over(context.obj or Options())
    if context.invoked_subcommand is None:
        raise typer.Exit(int(asyncio.run(_listed(Desk(context.obj), given))))


async def _listed(desk: Desk, given: dict[str, Any]) -> ExitCode:
    return await _list(desk, **given)


def _parameters() -> list[inspect.Parameter]:
    hints = typing.get_type_hints(_list, include_extras=True)
    own = list(inspect.signature(_list).parameters.values())[1:]
    return [one.replace(annotation=hints[one.name]) for one in own]


group.callback()(with_shared(_bare, _parameters()))
command(
    group,
    "list",
    N_(
        "List every group, with who answers for it and whether the bot can take somebody out.\n\n"
        "Reads the platforms first; one that cannot be read is said, and shown as it was. The same as "
        "`bawab groups` alone."
    ),
    examples=("groups list", "groups list --instance acme --owner E7", "groups list --no-read --json"),
)(_list)
command(
    group,
    "show",
    N_("Show one group: what the platform says of it, and what the registry does."),
    examples=("groups show sales-riyadh", "groups show C0123ABCD --json"),
)(_show)
command(
    group,
    "report",
    N_(
        "Report what nobody looks after: no-owner, leaver-owner, unregistered, unreviewed, outsiders, "
        "former-staff.\n\n"
        "outsiders and former-staff read the members of each group; where a platform lists none, only who "
        "was seen there is known, and that is said."
    ),
    examples=(
        "groups report no-owner",
        "groups report leaver-owner",
        "groups report former-staff --instance acme",
        "groups report outsiders --json",
        "groups report unregistered",
        "groups report unreviewed --days 180",
    ),
)(_report)
command(
    group,
    "register",
    N_("Add a row to the registry file for groups that have none."),
    examples=(
        "groups register sales-riyadh lunch --as E7",
        "groups register --all --instance acme --dry-run",
    ),
)(_register)
command(
    group,
    "set",
    N_(
        "Say who answers for a group, and what for: written into the registry file, and logged.\n\n"
        "Nothing else in the file changes, no comment and no quote. A group without a row gets one."
    ),
    examples=(
        "groups set sales-riyadh --owner E7 --deputy E9",
        "groups set finance-close --purpose 'Closing the books' --sensitivity sensitive --tag finance",
        "groups set lunch --unset deputy --dry-run",
    ),
)(_set)
command(
    group,
    "review",
    N_("Say that you have looked at who is in a group and why; --as is your employee id or e-mail."),
    examples=("groups review sales-riyadh --as E7",),
)(_review)
