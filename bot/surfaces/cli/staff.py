"""`bawab staff list|admin|link|untie`: who has which role here, and links that sign in once."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from bot.access.first_day import PATH, make_admin
from bot.access.roster import active_staff, vacant_roles
from bot.access.staff_link import make_link
from bot.access.staff_news import staff_news
from bot.acts import staff as acts
from bot.acts.operator import at_the_machine
from bot.locale import N_
from bot.settings import Settings
from bot.store.access_tables import StaffRow
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.roles import role_text, vacant_text
from policies.roles import Role

group = new_group("staff", N_("Who has which role here: list, the first day's link, untie an account."))
SOURCES: dict[str, str] = {
    "file": N_("the staff file"),
    "oidc": N_("the identity provider"),
    "local": N_("the first day's link"),
}


async def _list(desk: Desk) -> ExitCode:
    async with desk.open(connect=False) as app:
        await staff_news(app)
        async with app.store.read() as tx:
            found = sorted(await active_staff(tx), key=_by_name)
            vacant = await vacant_roles(app, tx)
    if desk.json:
        desk.data({"staff": [_plain(row) for row in found], "vacant": list(vacant)})
        return ExitCode.DONE
    if found:
        _table(desk, found)
    else:
        desk.say(desk.t.text("Nobody has a role yet. For the first day: bawab staff admin"))
    for role in vacant:
        desk.say(vacant_text(role, desk.t), style="yellow")
    return ExitCode.DONE


def _table(desk: Desk, found: list[StaffRow]) -> None:
    t = desk.t
    headings = [t.text("Person"), t.text("Name"), t.text("Roles"), t.text("Who says so")]
    rows = [
        [
            t.isolate(row.id),
            t.isolate(row.name),
            t.list([role_text(Role(name), t) for name in row.roles]) if row.roles else "-",
            t.text(SOURCES[row.source]),
        ]
        for row in found
    ]
    desk.table(headings, rows)


def _plain(row: StaffRow) -> dict[str, object]:
    names = ("id", "name", "email", "roles", "source", "known_to_hr", "updated_at")
    return {name: getattr(row, name) for name in names}


def _by_name(row: StaffRow) -> tuple[str, str]:
    return row.name.casefold(), row.id


async def _admin(desk: Desk) -> ExitCode:
    async with desk.open(connect=False) as app:
        await staff_news(app)
        made = await make_admin(app, actor=desk.actor)
        where = _console(app.settings)
    link = f"{where}{PATH}?code={quote(made.text)}"
    if desk.json:
        desk.data({"link": link, "expires_at": made.expires_at})
        return ExitCode.DONE
    desk.print(link)
    said = desk.t.text(
        "This link signs in once, until {until}, as IT. It ends once somebody by name has that role.",
        until=desk.moment(made.expires_at),
    )
    desk.say(said)
    return ExitCode.DONE


def _console(settings: Settings) -> str:
    return (settings.console.url or (f"http://{settings.listen}" if settings.listen else "")).rstrip("/")


async def _link(
    desk: Desk,
    person: Annotated[str, typer.Argument(metavar="ID", help=N_("As `bawab staff list` shows it."))],
) -> ExitCode:
    async with desk.open(connect=False) as app:
        await staff_news(app)
        made = await make_link(app, person, actor=desk.actor)
        where = _console(app.settings)
    link = f"{where}{PATH}?code={quote(made.text)}"
    if desk.json:
        desk.data({"link": link, "expires_at": made.expires_at})
        return ExitCode.DONE
    desk.print(link)
    said = N_("This link signs in once, until {until}. Give it to nobody but them.")
    desk.say(desk.t.text(said, until=desk.moment(made.expires_at)))
    return ExitCode.DONE


async def _untie(
    desk: Desk,
    person: Annotated[str, typer.Argument(metavar="ID", help=N_("As `bawab staff list` shows it."))],
    reason: Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))] = "",
) -> ExitCode:
    async with desk.open(connect=False) as app:
        await staff_news(app)
        row = await acts.untie(app, await at_the_machine(app, desk.name), person, reason)
    if desk.json:
        desk.data(_plain(row))
    said = N_("{who} is signed out, and signs in with another account the next time.")
    desk.say(desk.t.text(said, who=desk.t.isolate(row.name)))
    return ExitCode.DONE


command(
    group,
    "list",
    N_("List who has which role, and who says so."),
    examples=("staff list", "staff list --json"),
)(_list)
command(
    group,
    "admin",
    N_(
        "Make a link that signs in once as IT, for the first day.\n\nIt works for 15 minutes and one time. "
        "It is refused once the identity provider or the staff file names somebody who has the role of IT."
    ),
    examples=("staff admin",),
)(_admin)
command(
    group,
    "link",
    N_(
        "Make a link that signs somebody in once, where no identity provider is set.\n\nIt works for 15 "
        "minutes and one time, for whoever has a role: make it, and give it to them by a way you trust."
    ),
    examples=("staff link E7",),
)(_link)
command(
    group,
    "untie",
    N_("Forget which account at the identity provider somebody signs in with, after they got a new one."),
    examples=("staff untie E7 --reason 'new account after a name change'",),
)(_untie)
