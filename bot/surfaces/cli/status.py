"""`bawab status`: where everything stands, in one look."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from bot.glance.look import look
from bot.locale import N_
from bot.locale.keys import gap_text, state_text
from bot.situation import Status
from bot.states import CaseState, FeedState, LaneState
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.holds import hold_line, plain_hold, short
from bot.words.roles import vacant_text
from bot.words.standing import FEEDS, gap_group, orphan_text, worded
from bot.words.troubles import Trouble, trouble_text

if TYPE_CHECKING:  # a look loads no table
    from bot.store.group_tables import SuccessionRow
    from bot.store.tables import CaseRow, LaneRow

SHOWN = 10
"""Lines a list may take here: a look at everything must stay one look."""


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "status",
        N_("Show what is open, overdue, held, paused, due next, and what HR last delivered."),
        examples=("status", "status --json"),
        look=_look,
    )(_status)


def _look(desk: Desk) -> ExitCode | None:
    """Answer from the database alone, where nothing has changed since everything was found well."""
    seen = look(desk.options.env_file)
    if seen is None:
        return None
    desk.ground = seen.ground
    return _tell(desk, seen.status)


async def _status(desk: Desk) -> ExitCode:
    from bot.glance.learning import Learning  # noqa: PLC0415 - a look needs none of them
    from bot.status import status  # noqa: PLC0415 - as above

    learning = Learning(desk.settings, desk.options.env_file)
    async with desk.open(connect=False, even_broken_registry=True) as app:
        found, broken, staff = await status(app), app.registered.problem, app.staffed.problem
        await learning.found_well(app)
    return _tell(desk, found, broken, staff)


def _tell(desk: Desk, found: Status, broken: str = "", staff: str = "") -> ExitCode:
    if desk.json:
        desk.data({**_plain(found), "registry_problem": broken or None, "staff_problem": staff or None})
    else:
        if broken:
            said = N_("The group registry cannot be read; a running Bawab goes by the last that could be:")
            desk.print(desk.t.text(said), style="red")
            desk.print(f"  {broken}", style="red")
        if staff:
            said = N_("The staff file cannot be read; a running Bawab goes by the last that could be:")
            desk.print(desk.t.text(said), style="red")
            desk.print(f"  {staff}", style="red")
        _waiting(desk, found)
        _cases(desk, found)
        _seen(desk, found)
        _divided(desk, found)
    return ExitCode.DONE


def _cases(desk: Desk, found: Status) -> None:
    t = desk.t
    if not found.cases:
        desk.print(t.text("No case is open."))
    for state, count in found.cases.items():
        desk.print(f"{t.number(count)}  {state_text(CaseState(state), t)}")
    for case in found.overdue[:SHOWN]:
        desk.print(t.text("Overdue: {case}", case=_case(desk, case)), style="red")
    _more(desk, len(found.overdue), "case list", style="red")
    if found.next_due is not None:
        desk.print(t.text("Next: {case}", case=_case(desk, found.next_due)))


def _divided(desk: Desk, found: Status) -> None:
    """Which process does what, where many share the work."""
    t = desk.t
    if found.ticking is not None:
        desk.print(t.text("{process} looks for what is due.", process=t.isolate(found.ticking)))
    for lane in found.drained:
        said = N_("{lane} is worked on by {process}, since {moment}.")
        since = desk.moment(lane.owner_since)
        process = t.isolate(lane.owner or "")
        desk.print(t.text(said, lane=t.isolate(lane.instance), process=process, moment=since))


def _waiting(desk: Desk, found: Status) -> None:
    t = desk.t
    for hold in found.holds[:SHOWN]:
        desk.print(hold_line(hold, t), style="yellow")
    _more(desk, len(found.holds), "status --json", style="yellow")
    _of_messages(desk, found)
    for lane in found.lanes:
        desk.print(_lane(desk, lane), style="red")
    for trouble in found.deaf:
        desk.print(_deaf(desk, trouble), style="yellow")
    if found.tasks:
        said = t.plural("{n} task waits for a person", "{n} tasks wait for people", len(found.tasks))
        desk.print(f"{said}: bawab task list")
    if found.drifts:
        said = t.plural(
            "{n} is in again and should be out", "{n} are in again and should be out", found.drifts
        )
        desk.print(f"{said}: bawab drift", style="yellow")
    _of_runs(desk, found)
    for row in found.orphans[:SHOWN]:
        desk.print(_orphan(desk, row), style="yellow")
    _more(desk, len(found.orphans), "status --json", style="yellow")
    _of_people(desk, found)
    if found.questions:
        desk.print(
            t.plural(
                "{n} doubt about whose account it is", "{n} doubts about whose account it is", found.questions
            )
        )


_LANES = {
    True: N_("{instance} is paused until an operator helps: {why}"),
    False: N_("{instance} does not answer and is tried again: {why}"),
}
LONE: dict[str, str] = {
    "not_independent": N_("{hold}: its approval can travel only over the platform it changes"),
    "nobody_reached": N_("{hold}: nobody who may approve it can be reached"),
}


def _of_messages(desk: Desk, found: Status) -> None:
    """What keeps messages from arriving, or from arriving independently."""
    t = desk.t
    if found.silenced:
        by = t.isolate(found.silenced.removeprefix("person:"))
        desk.print(t.text("{name} stopped all messages.", name=by), style="red")
    for hold, why in found.lone[:SHOWN]:
        desk.print(t.text(LONE[why], hold=t.isolate(short(hold.digest))), style="yellow")


def _of_runs(desk: Desk, found: Status) -> None:
    """What waits for IT to look at it."""
    t, waits = desk.t, found.unreviewed
    if waits.waiting:
        said = t.plural("{n} run waits for a review", "{n} runs wait for a review", waits.waiting)
        late = t.plural("{n} for too long", "{n} for too long", waits.overdue)
        desk.print(f"{said} ({late})" if waits.overdue else said, style="yellow" if waits.overdue else None)


def _of_people(desk: Desk, found: Status) -> None:
    """What waits because of who may do what here: empty roles and seats, emergencies to be confirmed."""
    t = desk.t
    for role in found.vacant:
        desk.print(vacant_text(role, t), style="red")
    for row in found.unconfirmed[:SHOWN]:
        said = t.text(
            "{case}: an emergency waits for a second person's word, until {when}",
            case=row.case_id,
            when=desk.moment(row.due),
        )
        desk.print(said, style="red" if row.escalated_at else "yellow")
    _more(desk, len(found.unconfirmed), "status --json", style="yellow")
    if found.seats:
        said = t.plural(
            "{n} group of somebody who leaves has nobody to take it over",
            "{n} groups of people who leave have nobody to take them over",
            len(found.seats),
        )
        desk.print(f"{said}: bawab groups report leaver-owner", style="yellow")


def _orphan(desk: Desk, row: SuccessionRow) -> str:
    """Name a group that will have no owner; who leaves stands in the case, which not everybody may read."""
    t = desk.t
    return t.text(
        "{group} on {instance} will be left without an owner by {case}: {why}",
        group=t.isolate(row.group_name or row.group_id),
        instance=t.isolate(row.instance),
        case=row.case_id,
        why=orphan_text(row.why, t),
    )


def _lane(desk: Desk, lane: LaneRow) -> str:
    t, why = desk.t, lane.reason or ""
    form = _LANES[lane.state == LaneState.PAUSED]
    said = t.text(form, instance=t.isolate(lane.instance), why=why)
    if lane.since is None or lane.next_probe is None:
        return said
    told = t.plural(
        "Since {since}; asked once in vain, and again by itself {next}.",
        "Since {since}; asked {n} times in vain, and again by itself {next}.",
        lane.probes,
        since=desk.moment(lane.since),
        next=desk.moment(lane.next_probe),
    )
    return f"{said}\n  {told}"


def _deaf(desk: Desk, trouble: Trouble) -> str:
    t = desk.t
    return t.text(
        "{instance} is not heard since {when}: {why}",
        instance=t.isolate(trouble.instance),
        when=desk.moment(trouble.since),
        why=trouble_text(trouble.key, t),
    )


def _seen(desk: Desk, found: Status) -> None:
    t = desk.t
    if not found.feeds:
        desk.print(t.text("HR has delivered nothing yet."))
    for feed in found.feeds:
        desk.print(
            t.text(
                "HR {source}: {file}, {when}: {state}",
                source=t.isolate(feed.source),
                file=t.isolate(feed.name),
                when=desk.moment(feed.received_at),
                state=worded(FEEDS, feed.state, t),
            ),
            style="yellow" if feed.state in (FeedState.QUARANTINED, FeedState.REFUSED) else None,
        )
    for gap in found.gaps[:SHOWN]:
        where = t.isolate(" ".join(filter(None, (gap.instance, gap_group(gap)))))
        desk.print(t.text("Standing gap: {where}: {what}", where=where, what=gap_text(gap.reason, t)))
    _more(desk, len(found.gaps), "check")


def _more(desk: Desk, count: int, where: str, style: str | None = None) -> None:
    """Say how many a list left out, and which command shows them."""
    if count > SHOWN:
        left = desk.t.plural(
            "and {n} more: bawab {where}", "and {n} more: bawab {where}", count - SHOWN, where=where
        )
        desk.print(f"  {left}", style=style)


def _case(desk: Desk, case: CaseRow) -> str:
    name = desk.t.isolate(case.event["person"]["name"])
    return f"{case.id} {name}, {desk.moment(case.due, case.zone) or '-'}"


def _plain(found: Status) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "overdue": [case.id for case in found.overdue],
        "next_due": {"case": found.next_due.id, "due": found.next_due.due} if found.next_due else None,
        "holds": [plain_hold(hold) for hold in found.holds],
        "lanes": [lane.model_dump() for lane in found.lanes],
        "deaf": [asdict(trouble) for trouble in found.deaf],
        "tasks": [task.id for task in found.tasks],
        "drifts": found.drifts,
        "unreviewed": asdict(found.unreviewed),
        "questions": found.questions,
        "feeds": [feed.model_dump() for feed in found.feeds],
        "gaps": [gap.model_dump() for gap in found.gaps],
        "orphans": [row.model_dump() for row in found.orphans],
        "vacant_roles": list(found.vacant),
        "unconfirmed": [row.model_dump(exclude={"reason", "note"}) for row in found.unconfirmed],
        "open_seats": list(found.seats),
        "lone_approvals": [{"hold": hold.digest, "why": why} for hold, why in found.lone],
        "messages_stopped_by": found.silenced,
        "ticking": found.ticking,
        "drained_by": {
            lane.instance: {"process": lane.owner, "since": lane.owner_since} for lane in found.drained
        },
    }
