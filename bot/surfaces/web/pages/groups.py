"""Groups: every one of them with what nobody looks after, one with its registry row, and its form."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException
from starlette.responses import Response

from bot.access.actor import NotAllowed
from bot.acts import groups as acts
from bot.acts.refusals import CannotAct
from bot.groups.inside_memory import look_and_remember
from bot.groups.report import GroupEntry
from bot.surfaces.web.errands import Report, TooMany, begin, errand
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.groups import GroupGap, GroupLine, NoSuchGroup, answers_for, group_entry, group_page, groups
from bot.views.platforms import titles
from bot.views.tasks import tasks
from policies.model import RegisteredGroup, Sensitivity
from policies.roles import Permission

router = APIRouter()
PATH: Final = "/groups"
SHOWN: Final = 100
LOOK: Final = "look-inside"


@router.get(PATH)
async def show(v: Signed, q: str = "", instance: str = "", gap: str = "", after: int = 0) -> Response:
    """List groups, those with gaps first; every filter stands in the address."""
    found = await groups(v.app, v.who, instance=instance or None)
    lines = [line for line in found.lines if _is_meant(line, q, gap)]
    after = max(after, 0)
    asked, w = {"q": q, "instance": instance, "gap": gap}, words(v)
    further = urlencode({**asked, "after": after + SHOWN})
    return page(
        v,
        "groups.html",
        w=w,
        found=found,
        lines=lines[after : after + SHOWN],
        count=len(lines),
        next_way=f"{PATH}?{further}" if len(lines) > after + SHOWN else "",
        first_way=after > 0,
        asked=asked,
        gap_options=[(str(each), w.group_gap(each)) for each in GroupGap],
        instances=v.app.settings.instance_names,
        instance_options=titles(v.app),
        errand=errand(v, LOOK),
        may_look=v.who.may(Permission.GROUP_WRITE),
    )


def _is_meant(line: GroupLine, text: str, gap: str) -> bool:
    wanted = text.strip().casefold()
    named = wanted in line.name.casefold() or wanted in line.id.casefold()
    return named and (not gap or gap in line.gaps)


@router.post(f"{PATH}/look")
async def look(v: Signed) -> Response:
    """Have every platform asked who is inside, reads only."""
    v.who.must(Permission.GROUP_WRITE)

    async def doing(report: Report) -> object:
        return await look_and_remember(v.app, progress=report)

    try:
        await begin(v, LOOK, doing)
    except TooMany:
        return redirect(v, PATH, v.t.text("Too much is being read already. Try again in a minute."), "error")
    return redirect(v, PATH)


@router.get(f"{PATH}/look")
async def looking(v: Signed) -> Response:
    """Show how far that is, as a part of the page."""
    v.who.must(Permission.GROUP_READ)
    return page(v, "errand.html", errand=errand(v, LOOK), address=f"{PATH}/look", back=PATH, w=words(v))


@router.get(f"{PATH}/{{key}}")
async def one(v: Signed, key: str) -> Response:
    """Show one group."""
    return await _page(v, key)


async def _page(v: Visitor, key: str, status: int = 200, **more: Any) -> Response:
    try:
        found = await group_page(v.app, v.who, key)
    except NoSuchGroup:
        raise HTTPException(404) from None
    waiting = await tasks(v.app, v.who)
    here = [line for line in (*waiting.mine, *waiting.others) if line.group_key == key]
    shown = {"typed": _typed(found.row), "error": "", "tasks": here, **more}
    own = not v.who.may(Permission.GROUP_WRITE) and found.may_review
    return page(v, "group.html", status, w=words(v), found=found, own=own, **shown)


@router.post(f"{PATH}/{{key}}")
async def save(
    v: Signed,
    key: str,
    owner: Annotated[str, Form()] = "",
    deputy: Annotated[str, Form()] = "",
    purpose: Annotated[str, Form()] = "",
    sensitivity: Annotated[str, Form()] = "",
) -> Response:
    """Write owner, deputy, purpose and sensitivity into the registry; a refusal keeps what was typed."""
    entry = await _entry(v, key)
    if not v.who.may(Permission.GROUP_WRITE):
        v.who.must(Permission.OWN_GROUPS)
        if not answers_for(entry, v.who.id):
            raise NotAllowed(Permission.GROUP_WRITE)
    typed = {
        "owner": owner.strip(),
        "deputy": deputy.strip(),
        "purpose": purpose.strip(),
        "sensitivity": sensitivity,
    }
    if sensitivity not in set(Sensitivity):
        del typed["sensitivity"]
    may = typed if v.who.may(Permission.GROUP_WRITE) else _own(typed)
    # What somebody left as it was is not asked about again: an owner who has left may stand there still.
    fresh = {name: value or None for name, value in may.items() if value != _typed(entry.row)[name]}
    if not fresh:
        return redirect(v, f"{PATH}/{key}", v.t.text("Nothing had to be changed."))
    try:
        await acts.set_fields(v.app, v.who, entry.id, entry.instance, fresh)
    except CannotAct as error:
        shown = {"sensitivity": "normal", **typed}
        return await _page(v, key, 409, typed=shown, error=error.said(v.t, v.who.zone))
    return redirect(v, await _way_back(v, key), v.t.text("Saved."))


async def _way_back(v: Visitor, key: str) -> str:
    """Whoever has just handed a group on may not see it any more."""
    try:
        await group_entry(v.app, v.who, key)
    except NoSuchGroup:
        return PATH
    return f"{PATH}/{key}"


def _typed(row: RegisteredGroup | None) -> dict[str, str]:
    """Give a row's fields as the form holds them."""
    return {
        "owner": (row.owner_id if row else None) or "",
        "deputy": (row.deputy_id if row else None) or "",
        "purpose": row.purpose if row else "",
        "sensitivity": str(row.sensitivity if row else Sensitivity.NORMAL),
    }


def _own(typed: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if name in acts.OWN_FIELDS}


@router.post(f"{PATH}/{{key}}/register")
async def register(v: Signed, key: str) -> Response:
    """Add a row for a group nobody has registered."""
    entry = await _entry(v, key)
    try:
        await acts.register(v.app, v.who, [entry.id], entry.instance)
    except CannotAct as error:
        return redirect(v, f"{PATH}/{key}", error.said(v.t, v.who.zone), "error")
    return redirect(v, f"{PATH}/{key}", v.t.text("It is registered. Now say who answers for it."))


@router.post(f"{PATH}/{{key}}/review")
async def review(v: Signed, key: str) -> Response:
    """Write down that the reader looked today at who is inside."""
    entry = await _entry(v, key)
    try:
        await acts.review(v.app, v.who, entry.id, entry.instance)
    except CannotAct as error:
        return redirect(v, f"{PATH}/{key}", error.said(v.t, v.who.zone), "error")
    return redirect(v, f"{PATH}/{key}", v.t.text("Written down: you looked at who is inside today."))


async def _entry(v: Visitor, key: str) -> GroupEntry:
    try:
        return await group_entry(v.app, v.who, key)
    except NoSuchGroup:
        raise HTTPException(404) from None
