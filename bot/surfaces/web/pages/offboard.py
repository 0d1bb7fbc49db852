"""A new offboarding: whom, what that ends, when exactly, and the number typed that confirms it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.access.actor import NotAllowed
from bot.acts.cases import open_case
from bot.acts.refusals import CannotAct
from bot.locale.digits import western
from bot.surfaces.web.pages.counting import counted_wrong
from bot.surfaces.web.pages.finding import the_candidate
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.pages.wishes import WISH_FIELDS, wish_of, wrong_text, zones
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.losses import Losses
from bot.views.offboarding import Candidate, WrongWhen, find, offer, read_wish, when
from bot.words.exit_types import EXIT_TYPES
from policies.roles import Permission

router = APIRouter()


@router.get("/offboarding")
async def search(v: Signed, q: str = "") -> Response:
    """Ask whom, and give those to choose from; an exact id or address leads straight on."""
    _may_begin(v)
    found = await find(v.app, v.who, q)
    if found.exact:
        return RedirectResponse(f"/offboarding/{quote(found.exact.id)}", status_code=303)
    return page(v, "offboard_search.html", q=q, found=found, say=say_for(v), leads="/offboarding")


def _may_begin(v: Visitor) -> None:
    if not (v.who.may(Permission.CASE_OPEN) or v.who.may(Permission.CASE_REVOKE_NOW)):
        raise NotAllowed(Permission.CASE_OPEN)


@router.get("/offboarding/{person_id:path}/groups")
async def groups(v: Signed, person_id: str) -> Response:
    """Read the platforms: every group of theirs, and who can take them out."""
    known = await the_candidate(v, person_id)
    seen = await offer(v.app, v.who, person_id)
    name = "offboard_groups.html" if v.is_fragment else "offboard_groups_page.html"
    problem = wrong_text(seen, v.t) if isinstance(seen, WrongWhen) else ""
    losses = None if isinstance(seen, WrongWhen) else seen
    return page(v, name, known=known, seen=losses, problem=problem, say=say_for(v))


@router.get("/offboarding/{person_id:path}/when")
async def moment(v: Signed, person_id: str) -> Response:
    """Say in words what the fields come to so far; reads no platform."""
    typed = _typed(v.request.query_params)
    if not v.is_fragment:
        return RedirectResponse(f"/offboarding/{quote(person_id)}", status_code=303)
    await the_candidate(v, person_id)
    found = await when(v.app, v.who, person_id, wish_of(typed))
    if not isinstance(found, WrongWhen):
        return page(v, "offboard_when.html", decided=found, wrong="")
    wrong = "" if found.why == "no_day" else wrong_text(found, v.t)  # nothing is typed yet
    return page(v, "offboard_when.html", decided=None, wrong=wrong)


@router.get("/offboarding/{person_id:path}/confirm")
async def confirm(v: Signed, person_id: str) -> Response:
    """Say the instant in words and everything that ends, and ask for the number."""
    v.who.must(Permission.CASE_OPEN)
    typed = _typed(v.request.query_params)
    known = await the_candidate(v, person_id)
    found = await offer(v.app, v.who, known.id, wish_of(typed))
    if isinstance(found, WrongWhen):
        return _wrong(v, known, typed, found)
    name = "offboard_confirm_part.html" if v.is_fragment else "offboard_confirm_page.html"
    return await _confirm(v, name, known, typed, found)


@router.get("/offboarding/{person_id:path}")
async def person(v: Signed, person_id: str) -> Response:
    """Show whom, let their groups be read, and ask when."""
    _may_begin(v)
    known = await the_candidate(v, person_id)
    return _form(v, known, _begin(known) | _given(v))


@router.post("/offboarding/{person_id:path}")
async def schedule(v: Signed, person_id: str) -> Response:
    """Open the case, once, if the number is the one that was shown."""
    v.who.must(Permission.CASE_OPEN)
    form = await v.request.form()
    typed = _typed(form) | {"counted": str(form.get("counted", ""))}
    known = await the_candidate(v, person_id)
    found = await offer(v.app, v.who, known.id, wish_of(typed))
    if isinstance(found, WrongWhen):
        return _wrong(v, known, typed, found)
    said = counted_wrong(typed["counted"], found.count, v.t)
    if said:
        errors = {"counted": said}
        return await _confirm(v, "offboard_confirm_page.html", known, typed, found, status=422, errors=errors)
    return await _open(v, known, typed, found)


async def _open(v: Visitor, known: Candidate, typed: dict[str, str], found: Losses) -> Response:
    wish = wish_of(typed)
    last_day = read_wish(wish)
    if isinstance(last_day, WrongWhen):
        return _wrong(v, known, typed, last_day)
    try:
        opened = await open_case(
            v.app,
            v.who,
            person_id=known.id,
            last_day=last_day,
            zone=wish.zone.strip() or None,
            exit_type=wish.exit_type,
            counted=int(western(typed["counted"]).strip()),
            seen={at: sorted(ids) for at, ids in found.ending.items()},
        )
    except CannotAct as refused:
        return await _refused(v, known, typed, refused)
    return redirect(v, f"/cases/{opened.case.id}", _opened(v, held=bool(opened.holds)))


def _opened(v: Visitor, *, held: bool) -> str:
    if held:
        return v.t.text("Noted. It waits for a second person, as said below; they are asked now.")
    return v.t.text("Scheduled. Bawab does it by itself; nobody is told before.")


async def _refused(v: Visitor, known: Candidate, typed: dict[str, str], refused: CannotAct) -> Response:
    said = refused.said(v.t, v.who.zone)
    if refused.code == "has_case":
        # The same form sent twice: the case it made stands, and is shown.
        standing = (await the_candidate(v, known.id)).standing
        if standing:
            return redirect(v, f"/cases/{standing[0].id}", said, kind="notice")
    return _form(v, known, typed, status=409, errors={"last_day": said})


def _typed(given: Any) -> dict[str, str]:
    return {name: str(given.get(name, "")) for name in WISH_FIELDS}


def _begin(known: Candidate) -> dict[str, str]:
    """What the form begins with: HR's last day if it has one, and the zone the day would be meant in."""
    last_day = known.last_day.isoformat()[:10] if known.last_day else ""
    return {"last_day": last_day, "time": "", "zone": known.zone, "exit_type": "unstated"}


def _given(v: Visitor) -> dict[str, str]:
    return {name: value for name, value in v.request.query_params.items() if name in WISH_FIELDS}


def _wrong(v: Visitor, known: Candidate, typed: dict[str, str], wrong: WrongWhen) -> Response:
    return _form(v, known, typed, status=422, errors={wrong.field: wrong_text(wrong, v.t)})


def _form(
    v: Visitor,
    known: Candidate,
    typed: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    """Show the form; a fragment takes its place in the page, so that what is wrong stands by its field."""
    name = "offboard_form.html" if v.is_fragment else "offboard.html"
    # htmx swaps nothing in for an answer that is no success.
    return page(v, name, 200 if v.is_fragment else status, **_values(v, known, typed, errors))


def _values(
    v: Visitor, known: Candidate, typed: dict[str, str], errors: dict[str, str] | None
) -> dict[str, Any]:
    kinds = [(key, v.t.text(said)) for key, said in EXIT_TYPES.items()]
    return {
        "known": known,
        "typed": typed,
        "errors": errors or {},
        "zones": zones(),
        "exit_types": kinds,
        "say": say_for(v),
        "may_open": v.who.may(Permission.CASE_OPEN),
        "may_hurry": v.who.may(Permission.CASE_REVOKE_NOW),
    }


async def _confirm(
    v: Visitor,
    name: str,
    known: Candidate,
    typed: dict[str, str],
    found: Losses,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    decided = await when(v.app, v.who, known.id, wish_of(typed))
    if isinstance(decided, WrongWhen):
        return _wrong(v, known, typed, decided)
    return page(v, name, status, seen=found, decided=decided, **_values(v, known, typed, errors))
