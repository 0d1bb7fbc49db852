"""`bawab token new|list|end`: API tokens, each somebody's own, shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from bot.access.actor import Actor
from bot.access.actors import actor_of
from bot.access.staff_news import staff_news
from bot.access.tokens import list_tokens
from bot.acts import staff as acts
from bot.acts.operator import at_the_machine
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.locale import N_
from bot.store.access_tables import TokenRow
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode

group = new_group("token", N_("API tokens: make, list, end."))


async def _new(
    desk: Desk,
    owner: Annotated[
        str, typer.Argument(metavar="ID", help=N_("Whose it is, as `bawab staff list` shows them."))
    ],
    scopes: Annotated[
        list[str], typer.Option("--scope", help=N_("A right it has, such as case.read; may be repeated."))
    ],
    title: Annotated[str, typer.Option("--title", help=N_("What it is for."))],
    days: Annotated[int, typer.Option("--days", help=N_("How long it lasts."))] = 90,
) -> ExitCode:
    async with desk.open(connect=False) as app:
        await staff_news(app)
        who = await _somebody(app, owner)
        lasts = timedelta(days=days)
        made = await acts.new_token(app, who, title=title, scopes=scopes, lasts=lasts, actor=desk.actor)
    if desk.json:
        desk.data({**_plain(made.row), "token": made.text})
        return ExitCode.DONE
    desk.print(made.text)
    until = desk.moment(made.row.expires_at)
    desk.say(desk.t.text("Keep it safe: it is not shown again. It works until {until}.", until=until))
    return ExitCode.DONE


async def _somebody(app: Bawab, owner: str) -> Actor:
    async with app.store.read() as tx:
        who = await actor_of(app, tx, owner, "cli")
    if who is None:
        raise CannotAct("no_staff", what=owner)
    return who


async def _list(
    desk: Desk,
    owner: Annotated[
        str, typer.Argument(metavar="[ID]", help=N_("Only this person's."), show_default=False)
    ] = "",
) -> ExitCode:
    async with desk.open(connect=False) as app, app.store.read() as tx:
        found = await list_tokens(tx, owner or None)
        now = app.now()
    if desk.json:
        desk.data([_plain(row) for row in found])
        return ExitCode.DONE
    t = desk.t
    if not found:
        desk.say(t.text("There is no token."))
        return ExitCode.DONE
    headings = [
        t.text("Token"),
        t.text("Person"),
        t.text("What for"),
        t.text("Rights"),
        t.text("Until"),
        t.text("Last used"),
    ]
    rows = [
        [
            row.id,
            t.isolate(row.staff_id),
            t.isolate(row.title),
            ", ".join(row.scopes),
            desk.stamp(row.expires_at) if row.ended_at is None and row.expires_at > now else t.text("ended"),
            desk.stamp(row.used_at),
        ]
        for row in found
    ]
    desk.table(headings, rows)
    return ExitCode.DONE


async def _end(
    desk: Desk,
    token: Annotated[str, typer.Argument(metavar="ID", help=N_("The token's id, not its text."))],
) -> ExitCode:
    async with desk.open(connect=False) as app:
        row = await acts.end_token(app, await at_the_machine(app, desk.name), token)
    if desk.json:
        desk.data(_plain(row))
    desk.say(desk.t.text("{token} works no more.", token=row.id))
    return ExitCode.DONE


def _plain(row: TokenRow) -> dict[str, object]:
    names = ("id", "staff_id", "title", "scopes", "created_at", "expires_at", "used_at", "ended_at")
    return {name: getattr(row, name) for name in names}


command(
    group,
    "new",
    N_("Make a token that acts as somebody, within rights they have; it is shown once."),
    examples=("token new E7 --scope case.read --scope audit.read --title 'payroll dashboard' --days 90",),
)(_new)
command(group, "list", N_("List tokens, the newest first; never their text."), examples=("token list",))(
    _list
)
command(group, "end", N_("End a token at once."), examples=("token end tok_5d20c1",))(_end)
