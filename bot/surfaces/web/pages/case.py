"""One case: what happens next, each step with its remedy, its log, and what its reader may do about it."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.acts.cases import cancel_case, confirm_emergency, reschedule_case, retry_case
from bot.acts.refusals import CannotAct
from bot.audit.tail import Row
from bot.surfaces.web.pages.finding import the_case
from bot.surfaces.web.pages.saying import Say, say_for
from bot.surfaces.web.pages.wishes import WISH_FIELDS, wish_of, wrong_text, zones
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.case_acts import Act
from bot.views.cases import CaseView
from bot.views.losses import losses_of
from bot.views.offboarding import WrongWhen, read_wish
from bot.views.platforms import title_of
from bot.words.entries import entry_text
from bot.words.timeline import told

router = APIRouter()


@router.get("/cases/{case_id}")
async def show(v: Signed, case_id: str) -> Response:
    """Show one case."""
    found = await the_case(v, case_id)
    if found.line.id != case_id:
        return RedirectResponse(f"/cases/{found.line.id}", status_code=303)
    return _page(v, found)


def _page(v: Visitor, found: CaseView, status: int = 200, **more: Any) -> Response:
    typed: dict[str, str] = more.pop("typed", {})
    values = {"typed": typed, "errors": {}, "zones": zones(), **more}
    return page(v, "case.html", status, **_shown(v, found), **values)


def _shown(v: Visitor, found: CaseView) -> dict[str, Any]:
    say = say_for(v)
    return {"found": found, "say": say, "Act": Act, "timeline": _timeline(v, found, say)}


def _timeline(v: Visitor, found: CaseView, say: Say) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give the entries that say something, each day of the reader's zone with its own."""
    groups = {step.id: step.group for step in (*found.steps, *found.stays)}
    where = {name: title_of(v.app, name) for name in v.app.chat}
    rows = [{**row, "instance": where.get(row["instance"], row["instance"])} for row in found.timeline]
    lines = [
        {"seq": row["seq"], "at": row["at"], "said": _said(found, row, said, say)}
        for row, said in told(rows, found.names, groups, say.reader)
    ]
    days = groupby(lines, lambda line: line["at"].astimezone(ZoneInfo(say.zone)).date())
    return [(v.t.day(day), list(mine)) for day, mine in days]


def _said(found: CaseView, row: Row, said: str, say: Say) -> str:
    """What is no act on the case itself has its sentence among those of the whole log."""
    if row["action"].partition(".")[0] in ("case", "step", "task", "notice"):
        return said
    person = row["actor"].removeprefix("person:")
    actor = f"person:{found.names.get(person, person)}" if person != row["actor"] else row["actor"]
    return entry_text({**row, "actor": actor}, found.names.get(row["subject"] or "", ""), say.reader)


@router.get("/cases/{case_id}/now")
async def now(v: Signed, case_id: str) -> Response:
    """Give the part that moves while the case is carried out."""
    if not v.is_fragment:
        return RedirectResponse(f"/cases/{case_id}", status_code=303)
    return page(v, "case_now.html", **_shown(v, await the_case(v, case_id)))


@router.get("/cases/{case_id}/preview")
async def preview(v: Signed, case_id: str) -> Response:
    """Read the platforms, and show who would lose what."""
    found = await the_case(v, case_id)
    seen = await losses_of(v.app, v.who, found.line.id)
    name = "losses.html" if v.is_fragment else "case_preview.html"
    return page(v, name, found=found, seen=seen, say=say_for(v))


@router.get("/cases/{case_id}/record")
async def record(v: Signed, case_id: str) -> Response:
    """Show the case on one page, to be printed for the file."""
    return page(v, "case_record.html", **_shown(v, await the_case(v, case_id)))


@router.post("/cases/{case_id}/cancel")
async def cancel(
    v: Signed, case_id: str, reason: Annotated[str, Form()] = "", expected: Annotated[str, Form()] = ""
) -> Response:
    """Rescind a case, for a reason; whoever was first is named to the second."""
    try:
        await cancel_case(v.app, v.who, case_id, reason, expected=expected or None)
    except CannotAct as refused:
        return await _refused(v, case_id, refused, "reason", {"reason": reason})
    return redirect(v, f"/cases/{case_id}", v.t.text("Called off. What had been done before stays done."))


@router.post("/cases/{case_id}/reschedule")
async def reschedule(v: Signed, case_id: str) -> Response:
    """Give a departure another last day."""
    form = await v.request.form()
    typed = {name: str(form.get(name, "")) for name in (*WISH_FIELDS, "why", "expected")}
    last_day = read_wish(wish_of(typed))
    if isinstance(last_day, WrongWhen):
        errors = {last_day.field: wrong_text(last_day, v.t)}
        return _page(v, await the_case(v, case_id), 422, typed=typed, errors=errors)
    try:
        expected = typed["expected"] or None
        zone, why = typed["zone"].strip() or None, typed["why"]
        await reschedule_case(v.app, v.who, case_id, last_day, zone, reason=why, expected=expected)
    except CannotAct as refused:
        field = "why" if refused.code == "later_needs_reason" else "last_day"
        return await _refused(v, case_id, refused, field, typed)
    return redirect(v, f"/cases/{case_id}", v.t.text("It has a new last day."))


@router.post("/cases/{case_id}/confirm")
async def confirm(
    v: Signed, case_id: str, verdict: Annotated[str, Form()] = "", note: Annotated[str, Form()] = ""
) -> Response:
    """Say whether an emergency was right."""
    if verdict not in ("confirmed", "disputed"):
        raise HTTPException(422)
    word: Literal["confirmed", "disputed"] = "confirmed" if verdict == "confirmed" else "disputed"
    try:
        await confirm_emergency(v.app, v.who, case_id, word, note)
    except CannotAct as refused:
        return await _refused(v, case_id, refused, "note", {"note": note})
    said = v.t.text("Your word is noted.")
    if verdict == "disputed":
        said = v.t.text("Your word is noted: what had not begun is stopped, and IT sees it.")
    return redirect(v, f"/cases/{case_id}", said)


@router.post("/cases/{case_id}/retry")
async def retry(v: Signed, case_id: str) -> Response:
    """Try again what was left undone."""
    try:
        steps = await retry_case(v.app, v.who, case_id)
    except CannotAct as refused:
        return await _refused(v, case_id, refused, "", {})
    said = v.t.plural("{n} step is tried again.", "{n} steps are tried again.", steps)
    return redirect(v, f"/cases/{case_id}", said)


_SLIPS = frozenset({"reason_missing", "later_needs_reason", "no_zone", "same_moment"})
"""Refusals of what was typed, which stays in the form; any other says how things stand now."""


async def _refused(
    v: Visitor, case_id: str, refused: CannotAct, field: str, typed: dict[str, str]
) -> Response:
    said = refused.said(v.t, v.who.zone)
    if refused.code in _SLIPS:
        return _page(v, await the_case(v, case_id), 422, typed=typed, errors={field: said})
    return redirect(v, f"/cases/{case_id}", said, kind="error")
