"""People: found by name, and one of them with everything that is known of where they are."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.offboarding import NobodyThere, find
from bot.views.person import PersonView, places
from bot.views.person import person as person_view

router = APIRouter()


@router.get("/people")
async def search(v: Signed, q: str = "") -> Response:
    """Ask whom, and give those to choose from."""
    found = await find(v.app, v.who, q)
    if found.exact:
        return RedirectResponse(f"/people/{quote(found.exact.id)}", status_code=303)
    return page(v, "person_search.html", q=q, found=found, say=say_for(v), leads="/people")


@router.get("/people/{person_id:path}/places")
async def where(v: Signed, person_id: str) -> Response:
    """Read every platform, and show where the person is and by whom they can be taken out."""
    known = await _known(v, person_id)
    found = await places(v.app, v.who, person_id)
    name = "person_places.html" if v.is_fragment else "person_places_page.html"
    return page(v, name, known=known, spots=found, say=say_for(v))


@router.get("/people/{person_id:path}")
async def show(v: Signed, person_id: str) -> Response:
    """Show what is known; the platforms are read after."""
    return page(v, "person.html", known=await _known(v, person_id), say=say_for(v))


async def _known(v: Visitor, person_id: str) -> PersonView:
    try:
        return await person_view(v.app, v.who, person_id)
    except NobodyThere:
        raise HTTPException(404) from None
