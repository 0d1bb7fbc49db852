"""What a guard holds: shown whole, with exactly what a release binds, and decided by whoever may."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.acts.approvals import sign
from bot.acts.refusals import CannotAct
from bot.states import HoldKind
from bot.surfaces.web.pages.counting import counted_wrong
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.holds import Bound, bound, hold
from bot.words.holds import cause_lines

router = APIRouter()


@router.get("/holds/{digest}")
async def show(v: Signed, digest: str) -> Response:
    """Show what is held, at once; what it binds is read after."""
    try:
        line = await hold(v.app, v.who, digest)
    except CannotAct as refused:
        return redirect(v, "/", refused.said(v.t, v.who.zone), kind="notice")
    return page(v, "hold.html", hold=line, bound=None, say=say_for(v), errors={}, typed={})


@router.get("/holds/{digest}/decide")
async def decide(v: Signed, digest: str) -> Response:
    """Read the platforms, show what a release binds, and ask."""
    try:
        found = await bound(v.app, v.who, digest)
    except CannotAct as refused:
        return redirect(v, "/", refused.said(v.t, v.who.zone), kind="notice")
    return _page(v, found, "hold_decide.html" if v.is_fragment else "hold.html")


def _page(v: Visitor, found: Bound, name: str, status: int = 200, **more: Any) -> Response:
    values = {"errors": {}, "typed": {}, "causes": _causes(v, found), "say": say_for(v), **more}
    return page(v, name, status, hold=found.hold, bound=found, **values)


def _causes(v: Visitor, found: Bound) -> list[str]:
    """Say the cause with its numbers; of an approval its case says all, of what is undecided the page."""
    if found.hold.kind in (HoldKind.NO_TIME_ZONE, HoldKind.APPROVAL):
        return []
    return cause_lines(found.held, v.app.limits, v.t)


@router.post("/holds/{digest}")
async def answer(
    v: Signed,
    digest: str,
    verdict: Annotated[str, Form()] = "",
    counted: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    mark: Annotated[str, Form()] = "",
) -> Response:
    """Take the visitor's word; an approval binds what they were shown, and nothing that came since."""
    typed = {"counted": counted, "note": note}
    try:
        if verdict == "reject":
            await sign(v.app, v.who, digest, "reject", note)
            return redirect(v, "/", v.t.text("Rejected: nothing of it is carried out."))
        found = await bound(v.app, v.who, digest)
        errors = _wrong(v, found, counted, mark)
        if verdict != "approve" or errors:
            return _page(v, found, "hold.html", 422, errors=errors, typed=typed)
        signed = await sign(v.app, v.who, found.hold.digest, "approve", note, seen=found.seen)
    except CannotAct as refused:
        return redirect(v, "/", refused.said(v.t, v.who.zone), kind="error")
    if signed.missing:
        whom = say_for(v).wanted(signed.missing[0])
        return redirect(
            v, "/", v.t.text("Your word is noted. It still waits for {whom}.", whom=whom), "notice"
        )
    only = found.cases[0].line.id if len(found.cases) == 1 else ""
    return redirect(v, f"/cases/{only}" if only else "/", v.t.text("Approved: it goes on by itself."))


def _wrong(v: Visitor, found: Bound, counted: str, mark: str) -> dict[str, str]:
    if mark != found.mark:
        said = v.t.text("Something changed while you looked. Look at the list again, then decide.")
        return {"counted": said}
    said = counted_wrong(counted, found.count, v.t)
    return {"counted": said} if said else {}
