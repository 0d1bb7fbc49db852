"""Pages from templates: escaped, in the reader's language and zone, with what every page needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.locale import Translator
from bot.locale.keys import state_text
from bot.surfaces.web import flash
from bot.surfaces.web.entering import inside
from bot.surfaces.web.language import spoken
from bot.surfaces.web.navigation import ways
from bot.surfaces.web.visitor import Visitor
from bot.views.platforms import title_of
from bot.words.roles import role_text
from bot.words.spans import percent_text
from policies.roles import Role

Kind = Literal["done", "notice", "warning", "error"]
_SEE_OTHER: Final = 303
_NAMES: Final = {"en": "English", "ar": "العربية"}
"""A language is offered in its own words."""


def page(v: Visitor, name: str, status: int = 200, **values: Any) -> Response:
    """Render a template for its visitor; `values` are what it shows.

    Beside them every template has: `v`, `who`, `zone`, `text`, `plural`, `t`, `titled` (an instance's title),
    and what base.html needs.
    """
    said = flash.read(v)
    known = {
        "v": v,
        "who": v.who,
        "zone": v.who.zone,
        "titled": partial(title_of, v.app),
        "csrf_token": v.csrf,
        "path": _address(v.request),
        "ways": ways(v.who, v.request.url.path),
        "roles": v.t.list([role_text(role, v.t) for role in Role if role in v.who.roles]),
        "said": said,
    }
    response = HTMLResponse(template(name, v.t, **known, **values), status_code=status)
    if said is not None and not v.is_fragment:
        flash.forget(v, response)
    return response


def outside(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Render a template for whoever is not signed in, in the language of their browser."""
    t = spoken(request.app.state.bawab, request)
    known = {"v": None, "path": inside(_address(request))}
    return HTMLResponse(template(name, t, **known, **values), status_code=status)


def redirect(v: Visitor, path: str, said: str | None = None, kind: Kind = "done") -> Response:
    """Send the browser on to a page of ours after an act; `said` is shown there once."""
    response = RedirectResponse(path, status_code=_SEE_OTHER)
    if said is not None:
        flash.keep(v, response, said, kind)
    return response


def _address(request: Request) -> str:
    """Give the page's own address, to come back to after the language was changed."""
    if request.method != "GET":
        return "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def template(name: str, t: Translator, **values: Any) -> str:
    """Render a template in a language; whoever is not signed in is shown pages by this alone."""
    other = "ar" if t.language == "en" else "en"
    words = {
        "t": t,
        "text": t.text,
        "plural": t.plural,
        "language": t.language,
        "direction": t.direction,
        "other_language": other,
        "other_language_name": _NAMES[other],
    }
    return _environment().get_template(name).render(words | values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("bot.surfaces.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "bare": _bare,
        "listed": _listed,
        "percent": percent_text,
        "state_text": state_text,
        "machine": _machine,
        "tone_of": _tone_of,
    }
    made.filters["cap"] = _capital
    return made


def _capital(said: str) -> str:
    """Begin a sentence as sentences begin; a name that is fenced off keeps its own first letter."""
    return said[:1].upper() + said[1:]


def _listed(t: Translator, names: Iterable[str]) -> str:
    return t.list([t.isolate(name) for name in names])


def _bare(t: Translator, name: str) -> str:
    """Give a name without controls that would turn its own letters round; the fence is HTML's own."""
    return t.isolate(name)[1:-1]


def _machine(instant: datetime, zone: str) -> str:
    """Write an instant as machines read it: aware, in its zone."""
    return instant.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


_TONES: Final = {
    "good": {"verified_absent", "already_absent", "completed", "open", "accepted", "unchanged", "released"},
    "weak": {"locked_out", "attested", "completed_with_exceptions"},
    "wait": {
        "pending",
        "requested",
        "outcome_unknown",
        "removed_unverified",
        "planned",
        "received",
        "scheduled",
        "executing",
        "verifying",
        "waiting",
    },
    "ask": {"held", "delegated", "awaiting_approval", "awaiting_manual"},
    "bad": {"still_present", "failed", "blocked", "quarantined", "refused", "paused"},
}


def _tone_of(state: str) -> str:
    """Give the tone a state is shown in; what is over and changes nothing is quiet."""
    return next((tone for tone, states in _TONES.items() if state in states), "quiet")
