"""`bawab person WHO`: where somebody is, on every platform, and by whom each membership can be ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.groups.report import Standing
from bot.groups.whereabouts import Place, Spot, Tie, Whereabouts, whereabouts
from bot.locale import N_
from bot.locale.keys import residual_text, state_text, why_text
from bot.states import CaseState
from bot.surfaces.cli.case_page import GroupNames, group_names
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.groups import (
    CERTAINTIES,
    KINDS,
    ROLES,
    blind_line,
    day_text,
    exit_text,
    said,
)
from bot.words.kinds import EVIDENCE, worded
from bot.words.kinds import KINDS as EVENTS
from bot.words.standing import gap_group
from policies.model import Certainty

STANDINGS: dict[str, str] = {
    Standing.PRESENT: N_("with the company"),
    Standing.LEAVING: N_("leaves on {day}"),
    Standing.GONE: N_("has left the company"),
}


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "person",
        N_(
            "Say where somebody is now: every account and how surely it is theirs, every group and role, and "
            "by whom they can be taken out.\n\nReads every platform; nothing is changed anywhere."
        ),
        examples=("person E1042", "person noura@example.com", "person 'Noura Al-Qahtani' --json"),
    )(_person)


async def _person(
    desk: Desk,
    who: Annotated[str, typer.Argument(metavar="WHO", help=N_("Employee id, e-mail address or name."))],
) -> ExitCode:
    async with desk.open() as app:
        with desk.progress(desk.t.text("Reading the platforms")) as progress:
            found = await whereabouts(app, who, progress=progress)
        async with app.store.read() as tx:
            groups = await group_names(tx, [gap for spot in found.spots for gap in spot.gaps])
    if desk.json:
        desk.data(_plain(found))
    else:
        _head(desk, found)
        for spot in found.spots:
            _spot(desk, spot, groups)
        _cases(desk, found)
    unread = any(spot.error is not None for spot in found.spots)
    return ExitCode.EXCEPTIONS if unread else ExitCode.DONE


def _head(desk: Desk, found: Whereabouts) -> None:
    t, person = desk.t, found.person
    desk.print(f"{t.isolate(person.name)} ({t.isolate(person.id)})", style="bold")
    standing = t.text(STANDINGS[found.standing.standing], day=day_text(person.last_day))
    post = [t.isolate(one) for one in (person.post.department, person.post.team, person.post.location) if one]
    desk.print("  " + t.text("; ").join([standing, *post]))
    still = [sum(place.confirmed_at is None for place in spot.places) for spot in found.spots]
    places = sum(still)
    where = t.plural("{n} platform", "{n} platforms", sum(map(bool, still)))
    desk.print("  " + t.plural("in {n} group on {where}", "in {n} groups on {where}", places, where=where))


def _spot(desk: Desk, spot: Spot, groups: GroupNames) -> None:
    t = desk.t
    desk.print()
    title = t.isolate(spot.instance) + (f" ({t.isolate(spot.title)})" if spot.title != spot.instance else "")
    desk.print(title, style="bold")
    for tie in spot.ties:
        desk.print("  " + _tie(desk, tie))
    if spot.error is not None:
        said_ = t.text("could not be read, so nothing is known of it: {problem}", problem=str(spot.error))
        desk.print("  " + said_, style="red")
        return
    if spot.places:
        headings = [t.text("Group"), t.text("Kind"), t.text("Role"), t.text("Taken out")]
        desk.table(headings, [_place(desk, place) for place in spot.places])
    elif spot.ties:
        desk.print("  " + t.text("In no group that can be seen."))
    for gap in spot.gaps:
        known = groups.get((gap.instance, gap.group_id or "")) or gap_group(gap)
        name = gap.detail if gap.reason == "account_gone" else known
        desk.print("  " + blind_line(gap, name, desk), style="yellow")
    if spot.ties:
        remains = residual_text(spot.residual, t)
        desk.print("  " + t.text("What remains after a complete removal: {what}", what=remains))


def _tie(desk: Desk, tie: Tie) -> str:
    t = desk.t
    name = tie.account.name if tie.account else ""
    account = f"{t.isolate(name)} ({t.isolate(tie.account_id)})" if name else t.isolate(tie.account_id)
    parts = [said(CERTAINTIES, tie.certainty, t), worded(EVIDENCE, tie.evidence, t)]
    if tie.since is not None:
        parts.append(t.text("since {when}", when=desk.stamp(tie.since)))
    if tie.certainty is Certainty.AMBIGUOUS:
        parts.append(why_text(tie.why, t))
    if tie.account is not None and not tie.account.active:
        parts.append(t.text("the account is closed"))
    return t.text("Account {account}: {what}", account=account, what=t.text("; ").join(parts))


def _place(desk: Desk, place: Place) -> list[str]:
    t, membership = desk.t, place.membership
    role = said(ROLES, membership.role, t)
    if membership.sole_owner:
        role = t.text("{role} (the only one)", role=role)
    if membership.through is not None:
        role = t.text("{role}, through {group}", role=role, group=t.isolate(membership.through))
    group = membership.group
    way = exit_text(place.exit, t)
    if place.confirmed_at is not None:
        when = desk.stamp(place.confirmed_at)
        way = t.text(
            "taken out by hand, as a person confirmed on {when}; the registry still lists it", when=when
        )
    return [t.isolate(group.name or group.id), said(KINDS, group.kind, t), role, way]


def _cases(desk: Desk, found: Whereabouts) -> None:
    t = desk.t
    desk.print()
    if not found.cases:
        desk.print(t.text("No case is open."))
    for case in found.cases:
        due = desk.moment(case.due, case.zone) or "-"
        what = worded(EVENTS, case.kind, t)
        state = state_text(CaseState(case.state), t)
        desk.print(
            t.text(
                "Open case {case}: {what}, {state}; due {due}", case=case.id, what=what, state=state, due=due
            )
        )


def _plain(found: Whereabouts) -> dict[str, Any]:
    return {
        "person": {"id": found.person.id, "name": found.person.name, "status": found.person.status},
        "standing": found.standing.standing,
        "last_day": found.person.last_day,
        "platforms": [_plain_spot(spot) for spot in found.spots],
        "cases": [case.model_dump(exclude={"event"}) for case in found.cases],
    }


def _plain_spot(spot: Spot) -> dict[str, Any]:
    return {
        "instance": spot.instance,
        "platform": spot.platform,
        "read_at": spot.read_at,
        "error": str(spot.error) if spot.error else None,
        "accounts": [asdict(tie) for tie in spot.ties],
        "groups": list(_plain_places(spot)),
        "gaps": [asdict(gap) for gap in spot.gaps],
        "residual": spot.residual,
    }


def _plain_places(spot: Spot) -> Iterator[dict[str, Any]]:
    for place in spot.places:
        membership, group = place.membership, place.membership.group
        yield {
            "id": group.id,
            "name": group.name,
            "kind": group.kind,
            "account_id": membership.account.id,
            "role": membership.role,
            "sole_owner": membership.sole_owner,
            "through": membership.through,
            "taken_out": place.exit.way,
            "confirmed_at": place.confirmed_at,
            "refusal": place.exit.refusal,
            "asked_id": place.exit.asked_id,
            "asked": place.exit.asked,
            "asked_as": place.exit.asked_as,
        }
