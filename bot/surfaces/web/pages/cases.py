"""The list of cases: open, overdue, ended or all, of one person or everybody, a page at a time."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from bot.locale import N_
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed
from bot.views.cases import CasePage, Which, cases

router = APIRouter()
FILTERS: tuple[tuple[Which, str], ...] = (
    ("open", N_("Open")),
    ("overdue", N_("Overdue")),
    ("ended", N_("Ended")),
    ("all", N_("All")),
)


@router.get("/cases")
async def show(v: Signed, which: str = "open", q: str = "", after: str = "") -> Response:
    """Show one page of the list."""
    chosen: Which = next((one for one, _ in FILTERS if one == which), "open")
    try:
        found = await cases(v.app, v.who, which=chosen, text=q, after=after or None)
    except ValueError:  # a link somebody cut: the list begins anew
        found, after = await cases(v.app, v.who, which=chosen, text=q), ""
    first = _link(chosen, q)
    return page(
        v,
        "cases.html",
        found=found,
        say=say_for(v),
        which=chosen,
        q=q,
        filters=[(one, v.t.text(said), _link(one, q)) for one, said in FILTERS],
        first=first if after else "",
        next=_next(found, chosen, q),
    )


def _link(which: str, q: str, after: str | None = None) -> str:
    asked = {"which": which, "q": q, "after": after or ""}
    return f"/cases?{urlencode({name: value for name, value in asked.items() if value})}"


def _next(found: CasePage, which: str, q: str) -> str:
    return _link(which, q, found.next) if found.next else ""
