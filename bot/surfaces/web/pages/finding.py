"""What a page is about, found for its visitor; what is not there for them answers as what does not exist."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from bot.case_file import NoSuchCase
from bot.surfaces.web.visitor import Visitor
from bot.views.cases import CaseView, case
from bot.views.offboarding import Candidate, NobodyThere, candidate


async def the_case(v: Visitor, case_id: str) -> CaseView:
    """Give a case as its visitor may read it; 404 where there is none for them."""
    try:
        return await case(v.app, v.who, case_id)
    except NoSuchCase:
        raise HTTPException(404) from None


async def the_candidate(v: Visitor, person_id: str) -> Candidate:
    """Give somebody who may be offboarded; 404 where HR has named nobody so."""
    try:
        return await candidate(v.app, v.who, person_id)
    except NobodyThere:
        raise HTTPException(404) from None
