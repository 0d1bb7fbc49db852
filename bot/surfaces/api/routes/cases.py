"""Cases: listed, read whole."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from bot.surfaces.api.caller import Called, Caller
from bot.surfaces.api.cursors import cursor_of, place_of, strange
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Limit, Page, Text
from bot.surfaces.api.shapes.cases import Case, CaseLine, log_line
from bot.views.cases import CaseView, Which, case, cases

router = APIRouter(route_class=Route, tags=["cases"])
CaseId = Annotated[str, Path(pattern=r"^case_[0-9a-f]{12}$", examples=["case_4f2a9c01d3b7"])]
_PLACE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)~case_[0-9a-f]{12}", re.ASCII)


@router.get("/cases", openapi_extra={PERMISSION: ["case.read"]})
async def list_cases(
    caller: Called,
    which: Annotated[Which, Query(description="Which of them")] = "open",
    q: Annotated[Text, Query(description="A person's id, e-mail or part of the name; or a case's id")] = "",
    cursor: Cursor = None,
    limit: Limit = FIRST_PAGE,
) -> Page[CaseLine]:
    """List cases: open and overdue ones with the next due first, the others with the newest first."""
    listing = f"cases/{which}"
    page = await cases(
        caller.app, caller.who, which=which, text=q, after=_after(listing, cursor), limit=limit
    )
    lines = [CaseLine.model_validate(line) for line in page.lines]
    return Page(items=lines, next=cursor_of(listing, page.next) if page.next else None)


def _after(listing: str, cursor: str | None) -> str | None:
    place = place_of(listing, cursor, str)
    if place is None:
        return None
    found = _PLACE.fullmatch(place[0])
    if found is None or not _is_instant(found[1]):
        raise strange()
    return found[0]


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@router.get("/cases/{case_id}", openapi_extra={PERMISSION: ["case.read"]})
async def read_case(caller: Called, case_id: CaseId) -> Case:
    """Give one case with its steps, their evidence, and its log. Nobody sees a case about themselves."""
    return await the_case(caller, case_id)


async def the_case(caller: Caller, case_id: str) -> Case:
    """Read one case as this caller may see it; raises NoSuchCase."""
    return spelled(await case(caller.app, caller.who, case_id))


def spelled(view: CaseView) -> Case:
    """Spell a case's view."""
    line = CaseLine.model_validate(view.line).model_dump()
    return Case.model_validate(
        {
            **line,
            "rule": view.rule,
            "policy": view.policy,
            "requested_by": view.requested_by,
            "released_by": view.released_by,
            "next_act": view.next,
            "acts": view.acts,
            "steps": view.steps,
            "gaps": view.gaps,
            "unplanned": [instance for instance, _, _ in view.unplanned],
            "residual": {name: said for name, (_, said) in view.residual.items()},
            "hold_line": view.hold,
            "emergency": view.emergency,
            "effort": view.effort,
            "log": [log_line(row) for row in view.timeline],
        }
    )
