"""`bawab estimate`: what taking so many people out of so many groups costs, in calls and in time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.effort import PlatformEstimate, estimates
from bot.locale import N_, Translator
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.words.kinds import worded
from bot.words.spans import lasting_text
from connectors.effort import Cost, Part, Work

PARTS: dict[str, str] = {
    Part.LOCK_OUT: N_("shut out"),
    Part.KNOW: N_("read the account"),
    Part.FIND: N_("find the groups"),
    Part.TAKE_OUT: N_("take out"),
    Part.READ_BACK: N_("read back"),
}


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "estimate",
        N_(
            "Reckon what a number of leavers costs on each platform: calls, least time, the chosen way.\n\n"
            "Arithmetic on the published limits, and on the pace learnt from the platforms where there is "
            "one; nothing is asked of any platform."
        ),
        examples=("estimate --leavers 1 --groups 200", "estimate --leavers 1000 --groups 20 --shared --json"),
    )(_estimate)


async def _estimate(
    desk: Desk,
    leavers: Annotated[int, typer.Option("--leavers", min=1, help=N_("How many people leave."))],
    groups: Annotated[int, typer.Option("--groups", min=1, help=N_("How many groups each of them is in."))],
    shared: Annotated[
        bool, typer.Option("--shared", help=N_("All of them are in the same groups, not each in others."))
    ] = False,
) -> ExitCode:
    async with desk.open() as app:
        found = await estimates(app, Work(leavers, groups, shared))
    if desk.json:
        desk.data([_plain(one) for one in found])
        return ExitCode.DONE
    for one in found:
        _show(desk, one)
    if not found:
        desk.say(desk.t.text("No platform is configured."))
    return ExitCode.DONE


def _plain(one: PlatformEstimate) -> dict[str, Any]:
    if one.found is None:
        return {"instance": one.instance, "by_hand": True}
    return {
        "instance": one.instance,
        "calls": one.found.calls,
        "seconds": one.found.seconds,
        "measured_pace": one.measured,
        "ways": [_plain_cost(cost) for cost in one.found.chosen],
        "offered": [_plain_cost(cost) for cost in one.found.offered],
    }


def _plain_cost(cost: Cost) -> dict[str, Any]:
    own = {"requests": cost.requests, "calls": cost.calls, "seconds": cost.seconds}
    return {**{k: v for k, v in asdict(cost.way).items() if k in ("part", "name", "needs")}, **own}


def _show(desk: Desk, one: PlatformEstimate) -> None:
    t = desk.t
    desk.print(f"{t.isolate(one.instance)} ({one.title})", style="bold")
    if one.found is None:
        desk.print("  " + t.text("There is no way to do this by a program: people do it by hand."))
        return
    calls = t.plural("{n} call", "{n} calls", one.found.calls)
    desk.print(
        "  " + t.text("{calls}, at least {time}", calls=calls, time=lasting_text(one.found.seconds, t))
    )
    if one.measured:
        desk.print("  " + t.text("Reckoned with the pace learnt from the platform's own refusals."))
    headings = [t.text("What for"), t.text("Way"), t.text("Calls"), t.text("Least time"), t.text("Needs")]
    costs = [*one.found.chosen, *one.found.offered]
    desk.table(headings, [_row(cost, t) for cost in costs])


def _row(cost: Cost, t: Translator) -> list[str]:
    way = cost.way
    return [
        worded(PARTS, way.part, t),
        t.isolate(way.name),
        t.number(cost.calls),
        lasting_text(cost.seconds, t),
        t.isolate(way.needs) if way.needs else "",
    ]
