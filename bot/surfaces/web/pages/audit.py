"""The audit log: one search box, entries as plain sentences, one entry whole, and what is handed out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.acts.exports import reveal_entry
from bot.acts.refusals import CannotAct
from bot.audit.filter import TooManyPeople
from bot.audit.query import QueryProblem
from bot.surfaces.web.pages.log_lines import LogWords
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.audit import Found, NoSuchEntry, audit, entry, zone_of
from bot.words.searches import QUALIFIER_HELP, examples, problem_text, too_many_text
from policies.roles import Permission

router = APIRouter()
Seq = Annotated[int, Path(le=2**63 - 1)]
"""An entry's number: no database has a greater one."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a search, and where: the text before the place, the word there, and the rest."""

    said: str
    before: str
    token: str
    after: str


@router.get("/audit")
async def show(v: Signed, q: str = "", before: Annotated[int | None, Query(le=2**63 - 1)] = None) -> Response:
    """Search the log; the address of a page is the same for everybody who asks the same."""
    v.who.must(Permission.AUDIT_READ)
    try:
        found = await audit(v.app, v.who, q, before=before)
    except QueryProblem as problem:
        return _page(v, q, None, _wrong(problem_text(problem, v.t), q, problem.column - 1), status=400)
    except TooManyPeople as problem:
        return _page(v, q, None, _wrong(too_many_text(problem, v.t), q, q.find(problem.name)), status=400)
    address = address_of(found.spelled, before)
    asked = v.request.url.path + (f"?{v.request.url.query}" if v.request.url.query else "")
    if address != asked and not v.is_fragment:
        return RedirectResponse(address, status_code=303)
    return _page(v, found.spelled, found, None)


def _wrong(said: str, query: str, place: int) -> Wrong:
    start = max(place, 0)
    word = re.match(r"\S*", query[start:])
    end = start + (len(word[0]) if word else 0)
    return Wrong(said, query[:start], query[start:end], query[end:])


def address_of(query: str, before: int | None = None) -> str:
    """Give the address of a search: the one that is shared."""
    named: dict[str, Any] = {"q": query} if query else {}
    named |= {} if before is None else {"before": before}
    return f"/audit?{urlencode(named)}" if named else "/audit"


def _page(v: Visitor, query: str, found: Found | None, wrong: Wrong | None, status: int = 200) -> Response:
    today = v.app.now().astimezone(zone_of(v.app)).date()
    return page(
        v,
        "audit.html",
        status,
        query=query,
        found=found,
        wrong=wrong,
        say=LogWords(v),
        examples=examples(today, v.t),
        qualifiers=[(name, v.t.text(help_)) for name, help_ in QUALIFIER_HELP.items()],
        house_zone=str(zone_of(v.app)),
        address=address_of,
        may_export=v.who.may(Permission.AUDIT_EXPORT),
        may_reveal=v.who.may(Permission.PERSON_READ),
    )


@router.get("/audit/{seq:int}")
async def one_entry(v: Signed, seq: Seq) -> Response:
    """Show one entry whole."""
    return await _entry_page(v, seq, None, "")


@router.post("/audit/{seq:int}/reveal")
async def reveal(v: Signed, seq: Seq, reason: Annotated[str, Form()] = "") -> Response:
    """Show the sealed fields of one entry, once; that is logged."""
    try:
        personal = await reveal_entry(v.app, v.who, seq, reason)
    except NoSuchEntry:
        raise HTTPException(404) from None
    except CannotAct as refused:
        return await _entry_page(v, seq, None, refused.said(v.t, v.who.zone), status=400)
    return await _entry_page(v, seq, personal or {}, "")


async def _entry_page(
    v: Visitor, seq: int, personal: Mapping[str, object] | None, error: str, status: int = 200
) -> Response:
    try:
        line = await entry(v.app, v.who, seq)
    except NoSuchEntry:
        raise HTTPException(404) from None
    return page(
        v,
        "audit_entry.html",
        status,
        line=line,
        say=LogWords(v),
        address=address_of,
        personal=personal,
        error=error,
        may_reveal=v.who.may(Permission.PERSON_READ),
    )
