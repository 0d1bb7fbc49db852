"""The emergency: everything of somebody ended at once, for a reason, and judged by a second person after."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.acts.cases import revoke_person_now
from bot.acts.refusals import CannotAct
from bot.locale.digits import western
from bot.surfaces.web.pages.counting import counted_wrong
from bot.surfaces.web.pages.finding import the_candidate
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.losses import Losses
from bot.views.offboarding import Candidate, offer
from bot.words.exit_types import EXIT_TYPES
from policies.model import ExitType
from policies.roles import Permission

router = APIRouter()
PATIENCE = 15.0
"""Seconds the platforms are given to say what would end: an emergency does not wait for one that is down."""


@router.get("/offboarding/{person_id:path}/now")
async def ask(v: Signed, person_id: str) -> Response:
    """Warn, show what ends, and ask for a reason and the number."""
    v.who.must(Permission.CASE_REVOKE_NOW)
    return await _page(v, await the_candidate(v, person_id), {}, {})


@router.post("/offboarding/{person_id:path}/now")
async def end(
    v: Signed,
    person_id: str,
    reason: Annotated[str, Form()] = "",
    exit_type: Annotated[str, Form()] = "",
    counted: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
) -> Response:
    """End everything at once; what was shown is what must be typed, and nothing is read anew before."""
    v.who.must(Permission.CASE_REVOKE_NOW)
    known = await the_candidate(v, person_id)
    typed = {"reason": reason, "exit_type": exit_type, "counted": counted}
    errors = _wrong(v, typed, shown)
    if errors:
        return await _page(v, known, typed, errors, 422)
    kind = ExitType(exit_type) if exit_type in set(ExitType) else ExitType.UNSTATED
    try:
        done = await revoke_person_now(v.app, v.who, known.id, kind, reason)
    except CannotAct as refused:
        return await _page(v, known, typed, {"reason": refused.said(v.t, v.who.zone)}, 409)
    said = v.t.text("Everything is being ended now. A second person is asked to confirm it.")
    if done.hold is not None:
        said = v.t.text("Too many emergencies in one day: this one waits for a second person.")
    back = f"/cases/{done.case.id}" if v.who.may(Permission.CASE_READ) else "/"
    return redirect(v, back, said, "warning" if done.hold else "done")


def _wrong(v: Visitor, typed: dict[str, str], shown: str) -> dict[str, str]:
    errors = {}
    if not typed["reason"].strip():
        errors["reason"] = v.t.text("Say why, in a few words: it is kept in the log.")
    number = western(shown).strip()
    expected = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1
    said = counted_wrong(typed["counted"], max(expected, 1), v.t)
    return errors | ({"counted": said} if said else {})


async def _page(
    v: Visitor, known: Candidate, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response:
    seen = await _seen(v, known)
    return page(
        v,
        "offboard_now.html",
        status,
        known=known,
        seen=seen,
        count=max(seen.count, 1) if seen else 1,
        typed=typed,
        errors=errors,
        say=say_for(v),
        back=f"/offboarding/{quote(known.id)}",
        exit_types=[(key, v.t.text(said)) for key, said in EXIT_TYPES.items()],
        reads_reason=v.who.may(Permission.REASON_READ),
    )


async def _seen(v: Visitor, known: Candidate) -> Losses | None:
    """Read what would end, but not for long."""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await offer(v.app, v.who, known.id)
    except TimeoutError:
        return None
    return found if isinstance(found, Losses) else None
