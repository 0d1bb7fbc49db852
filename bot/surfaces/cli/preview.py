"""`bawab preview`: who would lose what, when, by which rule and why; writes nothing anywhere."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from bot.audit.spreadsheet import BOM, csv_lines
from bot.locale import N_, Translator
from bot.preview import Preview, PreviewRow, cases_for_preview, preview, preview_hold
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.words import ACTIONS, VERDICTS, blind_text, reason_text, worded

FIELDS = tuple(PreviewRow.__dataclass_fields__)


class Shape(StrEnum):
    """How a preview is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "preview",
        N_(
            "Show who would lose what, when, by which rule, and why. Nothing is written anywhere.\n\n"
            "One row per person, platform, group and act; what could not be read is listed after them."
        ),
        examples=(
            "preview",
            "preview --case case_1f3a",
            "preview --hold 9c2e41d0",
            "preview --format csv > preview.csv",
        ),
    )(_preview)


async def _preview(
    desk: Desk,
    format_: Annotated[Shape, typer.Option("--format", help=N_("Table, JSON or CSV."))] = Shape.TABLE,
    case: Annotated[str | None, typer.Option("--case", metavar="ID", help=N_("Only this case."))] = None,
    hold: Annotated[
        str | None, typer.Option("--hold", metavar="DIGEST", help=N_("Only what this hold keeps back."))
    ] = None,
) -> ExitCode:
    async with desk.open() as app:
        with desk.progress(desk.t.text("Reading the platforms")) as report:
            if hold is not None:
                found = (await preview_hold(app, hold, progress=report)).preview
            else:
                found = await preview(app, await cases_for_preview(app, case), progress=report)
    _print(desk, found, Shape.JSON if desk.json else format_)
    return ExitCode.EXCEPTIONS if found.unread else ExitCode.DONE


def _print(desk: Desk, found: Preview, shape: Shape) -> None:
    if shape is Shape.JSON:
        desk.data({"rows": [asdict(r) for r in found.rows], "blind": [asdict(b) for b in found.blind]})
        return
    if shape is Shape.CSV:
        rows = [[getattr(row, name) for name in FIELDS] for row in found.rows]
        desk.raw((BOM + csv_lines([FIELDS, *rows])).decode())
    elif found.rows:
        show_rows(desk, found)
    else:
        desk.say(desk.t.text("Nobody would lose anything."))
    for line in blind_lines(found, desk.t):
        desk.say(line)


def show_rows(desk: Desk, found: Preview, *, talk: bool = False) -> None:
    """Print the rows as a table, and what they add up to."""
    t = desk.t
    headings = [
        t.text("Person"),
        t.text("When"),
        t.text("Platform"),
        t.text("Group"),
        t.text("Act"),
        t.text("Verdict"),
        t.text("Rule"),
        t.text("Why"),
    ]
    zones = {case.id: case.zone for case in found.cases}
    desk.table(headings, [_cells(desk, row, zones.get(row.case_id)) for row in found.rows], talk=talk)
    people = len({row.person_id for row in found.rows})
    acts = sum(row.verdict in ("act", "held") for row in found.rows)
    counted = [t.plural("{n} person", "{n} people", people), t.plural("{n} act", "{n} acts", acts)]
    desk.say("; ".join(counted))


def _cells(desk: Desk, row: PreviewRow, zone: str | None) -> list[str]:
    t = desk.t
    verdict = worded(VERDICTS, row.verdict, t)
    if row.since_approval:
        verdict = t.text("{verdict} (since approval)", verdict=verdict)
    return [
        t.isolate(row.person),
        desk.moment(row.due, zone),
        t.isolate(row.instance),
        t.isolate(row.group) if row.group else "",
        worded(ACTIONS, row.action, t),
        verdict,
        row.rule,
        reason_text(row.why, row.refusal, t),
    ]


def blind_lines(found: Preview, t: Translator) -> list[str]:
    """Say what could not be seen, once for each person and instance."""
    return [
        t.text(
            "Not seen: {person}, {instance} {group}: {what}",
            person=t.isolate(blind.person),
            instance=t.isolate(blind.instance or "-"),
            group=t.isolate(blind.group_id) if blind.group_id else "",
            what=blind_text(blind.reason, blind.detail, t),
        )
        for blind in found.blind
    ]
