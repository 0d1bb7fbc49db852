"""`bawab feed list|release`: what HR delivered, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import select

from bot.locale import N_
from bot.release import SHORTEST_DIGEST
from bot.states import FeedState
from bot.store.query import all_of, columns, table, where
from bot.store.tables import FeedRow
from bot.surfaces.cli.commands import command, new_group
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.surfaces.cli.release import release_each
from bot.words.holds import short
from bot.words.kinds import FEEDS, worded

group = new_group("feed", N_("HR files: list, release from quarantine."))


async def _list(
    desk: Desk,
    limit: Annotated[int, typer.Option("--limit", min=1, help=N_("How many, the newest first."))] = 20,
) -> ExitCode:
    feeds = columns(FeedRow)
    async with desk.open(connect=False) as app, app.store.read() as tx:
        newest = select(table(FeedRow)).order_by(feeds.received_at.desc()).limit(limit)
        rows = await all_of(tx, FeedRow, newest)
    if desk.json:
        desk.data([row.model_dump() for row in rows])
        return ExitCode.DONE
    if rows:
        _table(desk, rows)
    else:
        desk.say(desk.t.text("HR has delivered nothing yet."))
    for row in rows:
        for line in complaints(row):
            desk.say(f"{row.name}: {line}")
    return ExitCode.DONE


def _table(desk: Desk, rows: list[FeedRow]) -> None:
    t = desk.t
    headings = [
        t.text("Received"),
        t.text("Source"),
        t.text("File"),
        t.text("Rows"),
        t.text("State"),
        t.text("Held under"),
    ]
    cells = [
        [
            desk.stamp(row.received_at),
            t.isolate(row.source),
            t.isolate(row.name),
            str((row.facts or {}).get("rows", "")),
            worded(FEEDS, row.state, t),
            short(row.hold_digest) if row.state == FeedState.QUARANTINED and row.hold_digest else "",
        ]
        for row in rows
    ]
    desk.table(headings, cells)


def complaints(row: FeedRow) -> list[str]:
    """Say what is wrong with a file: each at its line and column where it has one."""
    if row.state not in (FeedState.QUARANTINED, FeedState.REFUSED):
        return []
    return [_complaint(one) for one in row.findings or ()]


def _complaint(one: dict[str, Any]) -> str:
    place = ":".join(str(one[name]) for name in ("file", "line", "column") if one.get(name) is not None)
    said = f"{one['message']} {one.get('remedy') or ''}".strip()
    return f"{place}: {said}" if place else said


async def _release(
    desk: Desk,
    which: Annotated[
        list[str], typer.Argument(metavar="FEED...", help=N_("A digest, a feed's id or its file name."))
    ],
    note: Annotated[str, typer.Option("--note", help=N_("Why; kept in the log."))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> ExitCode:
    async with desk.open() as app:
        async with app.store.read() as tx:
            waiting = await where(tx, FeedRow, columns(FeedRow).state == FeedState.QUARANTINED)
        digests = [_digest(desk, waiting, one) for one in which]
        return await release_each(desk, app, digests, note=note, yes=yes)


def _digest(desk: Desk, waiting: list[FeedRow], which: str) -> str:
    found = [
        row.hold_digest
        for row in waiting
        if row.hold_digest and (which in (row.id, row.name) or _begins(row.hold_digest, which))
    ]
    if len(found) != 1:
        said = desk.t.text(
            "No single quarantined file is meant by {which}; see `bawab feed list`.",
            which=desk.t.isolate(which),
        )
        raise Refused(said)
    return found[0]


def _begins(digest: str, which: str) -> bool:
    """Too short a beginning means no feed, even where only one waits: an empty variable is no choice."""
    return len(which) >= SHORTEST_DIGEST and digest.startswith(which.lower())


command(group, "list", N_("List HR files and what became of them."), examples=("feed list",))(_list)
command(
    group,
    "release",
    N_("Let a quarantined file in; the very bytes that were judged are read at the next run."),
    examples=("feed release export-2026-11-20.csv", "feed release 9c2e41d0a7b3 --yes"),
)(_release)
