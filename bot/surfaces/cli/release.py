"""`bawab release DIGEST…`: shows what a hold keeps back, asks for its count, and lets it go, once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.app import Bawab
from bot.locale import N_
from bot.locale.digits import western
from bot.preview import Held, preview_hold
from bot.release import Released, StillUndecided, release
from bot.states import HoldKind
from bot.surfaces.cli.commands import command
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.faults import Refused
from bot.surfaces.cli.preview import blind_lines, show_hold, show_rows
from bot.words.holds import plain_held, short, undecided_text
from bot.words.roles import role_text
from policies.thresholds import Limits

BINDING = frozenset(HoldKind) - {HoldKind.GROUP_THRESHOLD, HoldKind.FEED, HoldKind.IDENTITY_LINKS}
"""Kinds whose release approves cases: what was shown of them binds."""


def register(root: typer.Typer) -> None:
    """Add the command."""
    command(
        root,
        "release",
        N_(
            "Let go what a guard holds, once, for exactly this digest.\n\n"
            "Shows the cause, the people and what each would lose, and asks you to type the count. What you "
            "were shown binds: whatever is found beyond it when a case is due is blocked and listed."
        ),
        examples=(
            "release 9c2e41d0a7b3",
            "release 9c2e41d0a7b3 --note 'checked with payroll' --as noura",
            "release 9c2e41d0a7b3 --yes",
        ),
    )(_release)


async def _release(
    desk: Desk,
    digests: Annotated[
        list[str], typer.Argument(metavar="DIGEST...", help=N_("The hold's digest, or its beginning."))
    ],
    note: Annotated[str, typer.Option("--note", help=N_("Why; kept in the log."))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> ExitCode:
    async with desk.open() as app:
        return await release_each(desk, app, digests, note=note, yes=yes)


async def release_each(desk: Desk, app: Bawab, digests: list[str], *, note: str, yes: bool) -> ExitCode:
    """Show, ask and release each hold in turn; raises CannotRelease, Refused."""
    released, waits = [], False
    for digest in digests:
        with desk.progress(desk.t.text("Reading the platforms")) as report:
            held = await preview_hold(app, digest, progress=report)
        _show(desk, held, app.limits)
        _ask(desk, held, yes=yes)
        seen = held.preview.seen() if HoldKind(held.hold.kind) in BINDING else None
        try:
            done = await release(app, held.hold.digest, actor=desk.actor, note=note, seen=seen)
        except StillUndecided as error:
            raise Refused(_undecided(desk, held, error)) from error
        wanted = [sorted(roles) for roles in done.missing]
        released.append({**plain_held(held), "released": done.count, "by": desk.actor, "missing": wanted})
        waits |= bool(wanted)
        desk.say(_told(desk, done), style="yellow" if wanted else "green")
    if desk.json:
        desk.data(released)
    return ExitCode.HELD if waits else ExitCode.DONE


def _told(desk: Desk, done: Released) -> str:
    t, digest = desk.t, short(done.hold.digest)
    if not done.missing:
        return t.text("Released: {digest}", digest=digest)
    wanted = t.list([role_text(role, t) for roles in done.missing for role in sorted(roles)])
    return t.text("Signed: {digest}. It still waits for: {wanted}.", digest=digest, wanted=wanted)


def _show(desk: Desk, held: Held, limits: Limits) -> None:
    """Everything a releasing person must see before they say yes; as talk, so that stdout stays data."""
    t = desk.t
    show_hold(desk, held, limits)
    if held.preview.rows:
        show_rows(desk, held.preview, talk=True)
    for line in blind_lines(held.preview, t):
        desk.say(line)
    if held.preview.unread:
        desk.say(t.text("What could not be read is not bound by this release."), style="yellow")


def _ask(desk: Desk, held: Held, *, yes: bool) -> None:
    if yes:
        return
    t, count = desk.t, str(held.hold.count)
    if not sys.stdin.isatty():
        raise Refused(t.text("Nobody is here to be asked: add --yes to release without a question."))
    answer = desk.err.input(t.text("To release it, type the count ({count}): ", count=count))
    if western(answer.strip()) != count:
        raise Refused(t.text("Not released: {answer} is not {count}.", answer=t.isolate(answer), count=count))


def _undecided(desk: Desk, held: Held, error: StillUndecided) -> str:
    """Say what still stands in the way, for how many, and what to do."""
    t = desk.t
    said = [undecided_text(why, count, held.hold.digest, t) for why, count in sorted(error.reasons.items())]
    return "\n".join([t.text("Not released: it still cannot be decided."), *said])
