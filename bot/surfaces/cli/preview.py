"""`bawab preview`: who would lose what, when, by which rule and why; writes nothing anywhere."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Annotated

import typer

from bot.audit.spreadsheet import BOM, csv_lines
from bot.locale import N_, Translator
from bot.locale.keys import reason_text as case_reason_text
from bot.locale.keys import refusal_text, residual_text
from bot.preview import Blind, Held, Preview, PreviewRow, cases_for_preview, preview, preview_hold
from bot.reach import BY_HAND
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.holds import cause_lines, kind_text, short
from bot.words.kinds import ACTIONS, EVIDENCE, VERDICTS, blind_text, reason_text, worded
from policies.model import Refusal
from policies.thresholds import Limits

VERDICT_WORDS = {**VERDICTS, BY_HAND: N_("by hand")}

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
        limits = app.limits
        with desk.progress(desk.t.text("Reading the platforms")) as report:
            if hold is not None:
                held: Held | Preview = await preview_hold(app, hold, progress=report)
            else:
                held = await preview(app, await cases_for_preview(app, case), progress=report)
    found = held.preview if isinstance(held, Held) else held
    if isinstance(held, Held):
        show_hold(desk, held, limits)
    _print(desk, found, Shape.JSON if desk.json else format_)
    return ExitCode.EXCEPTIONS if found.unread else ExitCode.DONE


def show_hold(desk: Desk, held: Held, limits: Limits) -> None:
    """Say what is held and why, and which accounts it would tie to whom; as talk."""
    t, hold = desk.t, held.hold
    desk.say(f"{short(hold.digest)}: {kind_text(hold.kind, hold.cause or {}, t)}", style="bold")
    for line in cause_lines(held, limits, t):
        desk.say(f"  {line}")
    for link in held.links:
        tie = t.text(
            "{person} is {account} on {instance} ({evidence})",
            person=t.isolate(link.person_id),
            account=t.isolate(link.account_id),
            instance=t.isolate(link.instance),
            evidence=worded(EVIDENCE, link.evidence, t),
        )
        desk.say(f"  {tie}")


def _print(desk: Desk, found: Preview, shape: Shape) -> None:
    if shape is Shape.JSON:
        desk.data(
            {
                "rows": [asdict(r) for r in found.rows],
                "blind": [asdict(b) for b in found.blind],
                "residual": dict(found.residual),
            }
        )
        return
    if shape is Shape.CSV:
        lines = [[_cell(getattr(row, name)) for name in FIELDS] for row in found.rows]
        desk.raw((BOM + csv_lines([FIELDS, *lines])).decode())
    elif found.rows:
        show_rows(desk, found)
    elif any(blind.reason == "undecided" for blind in found.blind):
        desk.say(desk.t.text("What anybody would lose is not decided yet."))
    else:
        desk.say(desk.t.text("Nobody would lose anything."))
    for line in blind_lines(found, desk.t):
        desk.say(line)
    _residue(desk, found)


def _residue(desk: Desk, found: Preview) -> None:
    """Say, once for each instance, what whoever goes still keeps after everything above is done."""
    t = desk.t
    if found.residual:
        desk.say(t.text("What stays with them all the same:"), style="bold")
    for instance, line in found.residual.items():
        desk.say(f"  {t.isolate(instance)}: {residual_text(line, t)}")


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def show_rows(desk: Desk, found: Preview, *, talk: bool = False) -> None:
    """Print a table for each person's case, headed by what all its rows share, and what they add up to."""
    t = desk.t
    zones = {case.id: case.zone for case in found.cases}
    say = desk.say if talk else desk.print
    headings = [t.text("Platform"), t.text("Group"), t.text("Act"), t.text("Verdict"), t.text("Why")]
    for (case_id, person, due, rule), rows in groupby(found.rows, _shared):
        say(
            t.text("; ").join(part for part in _head(desk, person, due, zones.get(case_id), rule) if part),
            style="bold",
        )
        desk.table(headings, [_cells(desk, row) for row in rows], talk=talk)
        say()
    people = len({row.person_id for row in found.rows})
    acts = sum(row.verdict in ("act", "held") for row in found.rows)
    by_hand = sum(row.verdict == BY_HAND for row in found.rows)
    counted = [t.plural("{n} person", "{n} people", people), t.plural("{n} act", "{n} acts", acts)]
    if by_hand:
        counted.append(t.plural("{n} by hand", "{n} by hand", by_hand))
    desk.say(t.list(counted))


def _shared(row: PreviewRow) -> tuple[str, str, datetime | None, str]:
    return row.case_id, row.person, row.due, row.rule


def _head(desk: Desk, person: str, due: datetime | None, zone: str | None, rule: str) -> list[str]:
    t = desk.t
    return [
        t.isolate(person),
        f"{t.text('Due')}: {desk.stamp(due, zone)}" if due else "",
        f"{t.text('Rule')}: {t.isolate(rule)}" if rule else "",
    ]


def _cells(desk: Desk, row: PreviewRow) -> list[str]:
    t = desk.t
    verdict = worded(VERDICT_WORDS, row.verdict, t)
    if row.since_approval:
        verdict = t.text("{verdict} (since approval)", verdict=verdict)
    return [
        t.isolate(row.instance),
        t.isolate(row.group) if row.group else "",
        worded(ACTIONS, row.action, t),
        verdict,
        _why(row, t),
    ]


def _why(row: PreviewRow, t: Translator) -> str:
    if row.successor:
        why = reason_text(row.why, row.refusal, t)
        return t.text("to {person}: {why}", person=t.isolate(row.successor), why=why)
    if row.verdict != BY_HAND or row.refusal is None:
        return reason_text(row.why, row.refusal, t)
    return f"{task_text(row.task_for, t)} ({refusal_text(Refusal(row.refusal), t)})"


def task_text(task_for: str, t: Translator) -> str:
    """Say who would do by hand what the bot cannot."""
    if not task_for:
        return t.text("a task, and nobody is named to do it: name an owner in the registry")
    return t.text("a task for {person}", person=t.isolate(task_for))


def blind_lines(found: Preview, t: Translator) -> list[str]:
    """Say what could not be seen, once for everybody it concerns."""
    alike: dict[tuple[str, str, str, str], list[Blind]] = {}
    for one in found.blind:
        alike.setdefault((one.instance, one.reason, one.group_id, one.detail), []).append(one)
    return [_blind_line(same, t) for same in alike.values()]


def _blind_line(same: list[Blind], t: Translator) -> str:
    one = same[0]
    who = t.isolate(one.person) if len(same) == 1 else t.plural("{n} person", "{n} people", len(same))
    if one.reason == "undecided":
        return t.text("Not decided yet: {why} ({who})", why=case_reason_text(one.detail, t), who=who)
    return t.text(
        "Not seen: {where}: {what} ({who})",
        where=t.isolate(" ".join(filter(None, (one.instance, one.group_name or one.group_id))) or "-"),
        what=blind_text(one.reason, one.detail, t),
        who=who,
    )
