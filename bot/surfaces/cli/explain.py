"""`bawab explain PERSON GROUP`: why somebody stays in a group or not."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.explaining import Explained, explain_membership
from bot.locale import N_
from bot.locale.keys import refusal_text, remedy_text, why_text
from bot.reach import BY_HAND
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.preview import VERDICT_WORDS, task_text
from bot.words.kinds import worded
from policies.model import Refusal


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "explain",
        N_(
            "Say why a person stays in a group or not.\n\n"
            "From the plans of their open cases; with none open, as if they left today."
        ),
        examples=("explain E1042 sales-riyadh", "explain noura@example.com C0123ABCD"),
    )(_explain)


async def _explain(
    desk: Desk,
    person: Annotated[str, typer.Argument(help=N_("Employee id, e-mail address or name."))],
    group: Annotated[str, typer.Argument(help=N_("The group's id, or its name as the platform shows it."))],
) -> ExitCode:
    async with desk.open() as app:
        answer = await explain_membership(app, person, group)
    if desk.json:
        desk.data([_plain(one) for one in answer.found])
    else:
        for one in answer.found:
            _print(desk, one)
    for unread in answer.unread:
        desk.say(f"{unread.instance}: {unread.error}", style="red")
    return ExitCode.EXCEPTIONS if answer.unread else ExitCode.DONE


def _plain(one: Explained) -> dict[str, Any]:
    said = one.explanation
    return {
        "person_id": one.person.id,
        "case_id": one.case.id if one.case else None,
        "instance": one.group.instance,
        "group_id": one.group.id,
        "group": one.group.name,
        "verdict": one.verdict,
        "task_for": one.task_for,
        "rule": said.rule,
        "why": said.why,
        "params": dict(said.params),
    }


def _print(desk: Desk, one: Explained) -> None:
    t, said = desk.t, one.explanation
    desk.print(
        t.text(
            "{person}, {group} ({instance}): {verdict}",
            person=t.isolate(one.person.name),
            group=t.isolate(one.group.name),
            instance=t.isolate(one.group.instance),
            verdict=worded(VERDICT_WORDS, one.verdict, t) if one.verdict else t.text("not in any plan"),
        ),
        style="bold",
    )
    desk.print("  " + t.text("Why: {why}", why=why_text(said.why, t)))
    refusal = said.params.get("refusal")
    if refusal:
        known = Refusal(refusal)
        desk.print(
            "  "
            + t.text("But: {refusal}. {remedy}", refusal=refusal_text(known, t), remedy=remedy_text(known, t))
        )
    if one.verdict == BY_HAND:
        desk.print("  " + t.text("By hand: {task}", task=task_text(one.task_for, t)))
    if said.rule:
        desk.print("  " + t.text("Rule: {rule}", rule=t.isolate(said.rule)))
    if one.case is None:
        desk.print("  " + t.text("No case is open: this is what a departure today would mean."))
    else:
        desk.print("  " + t.text("Case: {case}", case=one.case.id))
