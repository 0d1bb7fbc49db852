"""`bawab link code|list|remove`: whose account is whose, where no platform can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, cast

import typer

from bot.app import Bawab
from bot.locale import N_
from bot.people.enrolment import Code, make_code, unlink
from bot.people.who import the_person
from bot.store.query import columns, where
from bot.store.tables import LinkRow, PersonRow
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.words.kinds import EVIDENCE, worded
from connectors.errors import ConnectorError

group = new_group("link", N_("Whose account is whose: make a one-time code, list, untie."))
Person = Annotated[
    str, typer.Argument(metavar="PERSON", help=N_("Employee id, e-mail address or full name."))
]
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


async def _code(
    desk: Desk,
    person: Person,
    instance: Annotated[str, typer.Option("--instance", help=N_("The Telegram bot it is for."))] = "",
    valid: Annotated[
        str, typer.Option("--valid", metavar="TIME", help=N_("How long it may be used, such as 3d or 12h."))
    ] = "3d",
) -> ExitCode:
    name, lasts = _bot(desk, instance), _span(desk, valid)
    async with desk.open() as app:
        async with app.store.read() as tx:
            row = await the_person(tx, person)
        code = await make_code(app, row, name, valid=lasts, actor=desk.actor)
        link = await _deep_link(app, code)
    if desk.json:
        desk.data({"code": code.text, "link": link, "person": row.id, "expires_at": code.expires_at})
        return ExitCode.DONE
    desk.print(link or f"/start {code.text}")
    desk.say(_told(desk, row, code, link))
    return ExitCode.DONE


def _told(desk: Desk, row: PersonRow, code: Code, link: str) -> str:
    said = (
        N_("Give this link to {who} only. It works once, until {until}, and is not shown again.")
        if link
        else N_(
            "{who} sends this to the bot in private. It works once, until {until}, and is not shown again."
        )
    )
    return desk.t.text(said, who=desk.t.isolate(row.name), until=desk.moment(code.expires_at))


def _bot(desk: Desk, instance: str) -> str:
    """Choose the bot; where there is one only, it need not be named."""
    bots = sorted(desk.settings.telegram)
    if instance in bots:
        return instance
    if not instance and len(bots) == 1:
        return bots[0]
    known = desk.t.list(bots) if bots else "-"
    raise Refused(desk.t.text("Say for which Telegram bot, with --instance: {known}", known=known))


def _span(desk: Desk, text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhd])", text.strip().lower(), re.ASCII)
    if found is None:
        said = desk.t.text("{text} is no length of time: write 3d, 12h or 30m.", text=desk.t.isolate(text))
        raise Refused(said)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


async def _deep_link(app: Bawab, code: Code) -> str:
    """Give the link that opens the bot with the code; empty where Telegram cannot be asked for its name."""
    from telegram.error import TelegramError  # noqa: PLC0415 - its SDK is loaded late

    connector = cast("Any", app.chat[code.instance])
    try:
        name = (await connector.bot.get_me()).username
    except (TelegramError, ConnectorError):
        return ""
    return f"https://t.me/{name}?start={code.text}" if name else ""


async def _list(
    desk: Desk,
    person: Annotated[
        str, typer.Argument(metavar="[PERSON]", help=N_("Only this person's."), show_default=False)
    ] = "",
    instance: Annotated[str, typer.Option("--instance", help=N_("Only on this platform."))] = "",
) -> ExitCode:
    links, wanted = columns(LinkRow), []
    async with desk.open(connect=False) as app, app.store.read() as tx:
        if person:
            wanted.append(links.person_id == (await the_person(tx, person)).id)
        if instance:
            wanted.append(links.instance == instance)
        found = await where(tx, LinkRow, *wanted)
        named = await where(tx, PersonRow, columns(PersonRow).id.in_({row.person_id for row in found}))
    found.sort(key=_place)
    if desk.json:
        desk.data([row.model_dump() for row in found])
    elif found:
        _table(desk, found, {row.id: row.name for row in named})
    else:
        desk.say(desk.t.text("Nobody's account is known there."))
    return ExitCode.DONE


def _place(row: LinkRow) -> tuple[str, str, str]:
    return row.instance, row.person_id, row.account_id


def _table(desk: Desk, found: Sequence[LinkRow], names: dict[str, str]) -> None:
    t = desk.t
    headings = [
        t.text("Person"),
        t.text("Where"),
        t.text("Account"),
        t.text("How it is known"),
        t.text("State"),
    ]
    rows = [
        [
            t.isolate(f"{row.person_id} {names.get(row.person_id, '')}".strip()),
            t.isolate(row.instance),
            t.isolate(row.account_id),
            worded(EVIDENCE, row.evidence, t),
            t.text("certain") if row.released_at else t.text("waits for a release"),
        ]
        for row in found
    ]
    desk.table(headings, rows)


async def _remove(
    desk: Desk,
    person: Person,
    instance: Annotated[str, typer.Option("--instance", help=N_("Only on this platform."))] = "",
    account: Annotated[str, typer.Option("--account", help=N_("Only this account id."))] = "",
    reason: Annotated[str, typer.Option("--reason", help=N_("Why; kept in the log."))] = "",
) -> ExitCode:
    if not (instance or account):
        raise Refused(desk.t.text("Say which: add --instance, or --account with its id."))
    async with desk.open(connect=False) as app:
        async with app.store.read() as tx:
            row = await the_person(tx, person)
        gone = await unlink(
            app,
            row,
            instance=instance or None,
            account_id=account or None,
            actor=desk.actor,
            reason=reason,
        )
    if desk.json:
        desk.data([link.model_dump() for link in gone])
    who = desk.t.isolate(row.name)
    desk.say(
        desk.t.plural(
            "{n} account is no longer tied to {who}.",
            "{n} accounts are no longer tied to {who}.",
            len(gone),
            who=who,
        )
    )
    if any(link.evidence == "hr_record" for link in gone):
        desk.say(desk.t.text("HR's record states it: take it out there too, or the next file ties it again."))
    return ExitCode.DONE


command(
    group,
    "code",
    N_("Make a one-time code by which a person ties their own Telegram account to their record."),
    examples=("link code E104 --instance staff --valid 3d --as noura",),
)(_code)
command(
    group,
    "list",
    N_("List who is tied to which account, and how that is known."),
    examples=("link list", "link list E104"),
)(_list)
command(
    group,
    "remove",
    N_("Untie an account from a person; removals that wait for it stop."),
    examples=("link remove E104 --instance staff --reason 'a shared phone'",),
)(_remove)
