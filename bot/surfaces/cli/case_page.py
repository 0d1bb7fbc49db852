"""The page `bawab case show` prints: state, steps with evidence and remedy, gaps, residue, timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.case_file import CaseFile
from bot.locale import Translator
from bot.locale.keys import (
    gap_text,
    reason_text,
    refusal_text,
    remedy_text,
    residual_text,
    state_text,
    step_text,
)
from bot.states import STEP_SUCCESS, CaseState, StepState
from bot.store.group_tables import KnownGroupRow
from bot.store.query import columns, where
from bot.store.tables import GapRow, StepRow
from bot.surfaces.cli.desk import Desk
from bot.values import event_from_plain
from bot.words.kinds import ACTIONS, KINDS, QUALITIES, worded
from bot.words.standing import gap_group
from bot.words.timeline import told
from policies.model import Gap, Refusal, StepAction

GroupNames = Mapping[tuple[str, str], str]
"""(instance, group id) → what the group is called."""


async def group_names(tx: AsyncConnection, gaps: Sequence[GapRow | Gap]) -> GroupNames:
    """Give the names that are known of the groups of gaps, which themselves hold no more than an id."""
    rows = columns(KnownGroupRow)
    ids = {gap.group_id for gap in gaps if gap.group_id}
    found = await where(tx, KnownGroupRow, rows.group_id.in_(ids)) if ids else ()
    return {(row.instance, row.group_id): str(row.group.get("name") or row.group_id) for row in found}


def show_file(desk: Desk, file: CaseFile, names: Mapping[str, str], groups: GroupNames) -> None:
    """Print the whole page; `names` maps pseudonyms and employee ids to names."""
    _head(desk, file, names)
    _steps(desk, file, names)
    _stays(desk, file, names)
    _gaps(desk, file, groups)
    _residue(desk, file)
    _timeline(desk, file, names)


def _head(desk: Desk, file: CaseFile, names: Mapping[str, str]) -> None:
    t, case = desk.t, file.case
    person = event_from_plain(case.event).person
    desk.print(f"{case.id}  {t.isolate(person.name)} ({t.isolate(person.id)})", style="bold")
    desk.print(f"{worded(KINDS, case.kind, t)}: {state_text(CaseState(case.state), t)}")
    for label, value in (
        (t.text("HR says"), desk.moment(case.effective, case.zone)),
        (t.text("Due"), desk.moment(case.due, case.zone)),
        (t.text("Finished"), desk.moment(case.finished_at, case.zone)),
        (t.text("Rule"), case.rule),
        (t.text("Reason"), reason_text(case.reason, t) if case.reason else ""),
        (t.text("Asked for by"), _by(case.requested_by, names, t)),
        (t.text("Released by"), _by(case.released_by or "", names, t)),
        (t.text("Held under"), (case.hold_digest or "")[:12]),
    ):
        if value:
            desk.print(f"  {label}: {value}")
    for instance, calls in sorted((case.effort or {}).items()):
        said = t.text(
            "Calls on {platform}: {planned} planned, {made} made",
            platform=t.isolate(instance),
            planned=t.number(calls["planned"]),
            made=t.number(calls["made"]),
        )
        desk.print(f"  {said}")


def _by(actor: str, names: Mapping[str, str], t: Translator) -> str:
    """Name who acted: a person by name where HR knows them, the bot as itself."""
    person = actor.removeprefix("person:")
    return t.isolate(names.get(person, person)) if person != actor else actor


def _steps(desk: Desk, file: CaseFile, names: Mapping[str, str]) -> None:
    t = desk.t
    if not file.steps:
        desk.print(t.text("Nothing is planned yet."))
        return
    done, all_ = t.number(file.done), t.number(len(file.steps))
    desk.print()
    desk.print(t.text("Steps: {done} of {all} done", done=done, all=all_), style="bold")
    headings = [
        t.text("Where"),
        t.text("Group"),
        t.text("Act"),
        t.text("State"),
        t.text("Evidence"),
        t.text("What to do"),
    ]
    desk.table(headings, [_step(step, names, t) for step in file.steps])


def _step(step: StepRow, names: Mapping[str, str], t: Translator) -> list[str]:
    said = step_text(StepAction(step.action), StepState(step.state), t)
    if step.refusal and step.state not in STEP_SUCCESS:
        said = f"{said}: {refusal_text(Refusal(step.refusal), t)}"
    return [
        t.isolate(step.instance),
        t.isolate((step.group or {}).get("name", "")) if step.group else "",
        _act(step, names, t),
        said,
        worded(QUALITIES, step.quality, t),
        _remedy(step, t),
    ]


def _act(step: StepRow, names: Mapping[str, str], t: Translator) -> str:
    """Name the act, and for a hand-over the one who is made owner."""
    act = worded(ACTIONS, step.action, t)
    if not step.successor_id:
        return act
    return t.text(
        "{act}: to {person}", act=act, person=t.isolate(names.get(step.successor_id, step.successor_id))
    )


def _remedy(step: StepRow, t: Translator) -> str:
    if step.state in STEP_SUCCESS:
        return ""
    if step.refusal:
        return remedy_text(Refusal(step.refusal), t)
    return t.isolate(step.remedy) if step.remedy else ""


def _stays(desk: Desk, file: CaseFile, names: Mapping[str, str]) -> None:
    t = desk.t
    if not file.stays:
        return
    desk.print()
    desk.print(t.text("Handed over before the case was cancelled, and so it stays"), style="bold")
    for step in file.stays:
        group = t.isolate((step.group or {}).get("name") or step.group_id)
        whom = t.isolate(names.get(step.successor_id or "", step.successor_id or step.account_id))
        said = t.text(
            "{group}: {person} was made owner; take that back by hand if need be", group=group, person=whom
        )
        desk.print(f"  {said}")


def _gaps(desk: Desk, file: CaseFile, groups: GroupNames) -> None:
    t = desk.t
    if not file.gaps and not file.unplanned:
        return
    desk.print()
    desk.print(t.text("Not seen, and so not done"), style="bold")
    planned = {(step.instance, step.group_id): str(step.group["name"]) for step in file.steps if step.group}
    for gap in file.gaps:
        key = (gap.instance, gap.group_id or "")
        called = planned.get(key) or groups.get(key) or gap_group(gap)
        where = " ".join(filter(None, (gap.instance, called)))
        desk.print(f"  {t.isolate(where)}: {gap_text(gap.reason, t)}")
    for row in file.unplanned:
        desk.print(
            "  "
            + t.text(
                "{instance}: not planned yet ({why})",
                instance=t.isolate(row.instance),
                why=row.problem or "-",
            )
        )


def _residue(desk: Desk, file: CaseFile) -> None:
    if not file.residual:
        return
    desk.print()
    desk.print(desk.t.text("What remains with the person, even after everything is done"), style="bold")
    for instance, line in file.residual.items():
        desk.print(f"  {desk.t.isolate(instance)}: {residual_text(line, desk.t)}")


def _timeline(desk: Desk, file: CaseFile, names: Mapping[str, str]) -> None:
    t = desk.t
    desk.print()
    desk.print(t.text("Timeline, from the log"), style="bold")
    groups = {step.id: (step.group or {}).get("name", "") for step in file.steps}
    rows = [
        [str(row["seq"]), desk.stamp(row["at"], seconds=True), line]
        for row, line in told(file.timeline, names, groups, desk)
    ]
    desk.table([t.text("Entry"), t.text("When"), t.text("What happened")], rows)


def acting(file: CaseFile) -> set[str]:
    """Give the employee ids of everybody who acted on the case, or took a group over in it."""
    heirs = {step.successor_id for step in (*file.steps, *file.stays) if step.successor_id}
    actors = {row["actor"] for row in file.timeline} | {file.case.requested_by, file.case.released_by or ""}
    return heirs | {actor.removeprefix("person:") for actor in actors if actor.startswith("person:")}


def plain_file(file: CaseFile) -> dict[str, Any]:
    """Give the page as data; personal fields of the log stay sealed."""
    return {
        "case": file.case.model_dump(),
        "done": file.done,
        "steps": [step.model_dump() for step in file.steps],
        "gaps": [gap.model_dump() for gap in file.gaps],
        "unplanned": [row.model_dump() for row in file.unplanned],
        "stays": [step.id for step in file.stays],
        "residual": dict(file.residual),
        "timeline": [{k: v for k, v in row.items() if k != "sealed"} for row in file.timeline],
    }
