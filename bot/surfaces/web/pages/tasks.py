"""Tasks: one's own on one page with a button for each, all of them for IT; and who is in a group again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.acts import drift as drift_acts
from bot.acts import tasks as acts
from bot.acts.passing_on import cannot
from bot.acts.refusals import CannotAct
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.tasks import TaskLine, drifts, tasks
from bot.words.guides import guide
from policies.roles import Permission

router = APIRouter()
PATH: Final = "/tasks"
DRIFTS: Final = "/drifts"


@router.get(PATH)
async def show(v: Signed, ended: str = "") -> Response:
    """Show what only people can do; `ended`: what was done or waived."""
    found = await tasks(v.app, v.who, ended=bool(ended))
    guides = {line.id: _guide(v, line) for line in (*found.mine, *found.others)}
    back_in = len(await drifts(v.app, v.who)) if v.who.may(Permission.CASE_READ) else 0
    return page(v, "tasks.html", w=words(v), found=found, ended=bool(ended), guides=guides, back_in=back_in)


def _guide(v: Visitor, line: TaskLine) -> list[str]:
    return guide(line.platform, line.action, person=line.person, group=line.group, t=v.t)


@router.post(f"{PATH}/{{task_id}}/done")
async def done(v: Signed, task_id: str, note: Annotated[str, Form()] = "") -> Response:
    """Say that it is done, or was seen done."""
    try:
        task = await acts.done(v.app, v.who, task_id, note)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    if task.state == "half_attested":
        return redirect(v, PATH, v.t.text("Thank you. A second person is asked to confirm it."))
    return redirect(v, PATH, v.t.text("Thank you. It is written down with your name."))


@router.post(f"{PATH}/{{task_id}}/cannot")
async def pass_on(v: Signed, task_id: str) -> Response:
    """Hand it to the next in line at once."""
    try:
        await cannot(v.app, v.who, task_id)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Somebody else is asked now."))


@router.post(f"{PATH}/{{task_id}}/waive")
async def waive(
    v: Signed, task_id: str, until: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """Leave it undone, for a reason and until the end of a day."""
    try:
        await acts.waive(v.app, v.who, task_id, reason, _end_of(v, until))
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Waived; when that day is over it is asked again."))


@router.get(DRIFTS)
async def show_drifts(v: Signed, ended: str = "") -> Response:
    """Show who is in again although they should be out."""
    found = await drifts(v.app, v.who, every=bool(ended))
    return page(v, "drifts.html", w=words(v), found=found, ended=bool(ended))


@router.post(f"{DRIFTS}/remove")
async def take_out(v: Signed, drift: Annotated[list[str] | None, Form()] = None) -> Response:
    """Have the chosen ones taken out again."""
    if not drift:
        return redirect(v, DRIFTS, v.t.text("Choose at least one."), "error")
    try:
        rows = await drift_acts.remove(v.app, v.who, drift)
    except CannotAct as error:
        return redirect(v, DRIFTS, error.said(v.t, v.who.zone), "error")
    said = v.t.plural(
        "{n} membership will be removed again.", "{n} memberships will be removed again.", len(rows)
    )
    return redirect(v, DRIFTS, said)


@router.post(f"{DRIFTS}/{{drift_id}}/accept")
async def accept(
    v: Signed, drift_id: str, until: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """Let somebody stay in, for a reason and until the end of a day."""
    try:
        await drift_acts.accept(v.app, v.who, drift_id, until=_end_of(v, until), reason=reason)
    except CannotAct as error:
        return redirect(v, DRIFTS, error.said(v.t, v.who.zone), "error")
    return redirect(v, DRIFTS, v.t.text("Accepted; when that day is over it is open again."))


def _end_of(v: Visitor, day: str) -> datetime:
    """Give the end of a day in the reader's zone; raises CannotAct for what is no day."""
    try:
        meant = date.fromisoformat(day.strip())
    except ValueError:
        raise CannotAct("until_missing") from None
    return datetime.combine(meant, time(23, 59, 59), ZoneInfo(v.who.zone))
