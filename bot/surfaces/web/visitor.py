"""Whoever has a page open: the person of the session, in their language; without one, the way to sign in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends
from starlette.requests import Request

from bot.access.actor import Actor
from bot.app import Bawab
from bot.locale import Translator
from bot.store.access_tables import SessionRow
from bot.surfaces.web import csrf, signing_in
from bot.surfaces.web.live import is_fragment
from bot.views.needs import needs_me

SIGN_IN: Final = "/sign-in"


class NotSignedIn(Exception):
    """Nobody is signed in; `back` is the way to the sign-in page, and from there back here."""

    def __init__(self, back: str) -> None:
        super().__init__("nobody is signed in")
        self.back = back


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in, and the request they made."""

    app: Bawab
    who: Actor
    t: Translator
    session: SessionRow
    request: Request
    waiting: int = 0
    """How many things wait for them; counted for whole pages only."""

    @property
    def csrf(self) -> str:
        """The session's token, for every form."""
        return self.session.csrf

    @property
    def hijri(self) -> bool:
        """Whether days are said by the Hijri calendar, too."""
        return self.t.hijri

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of the page only."""
        return is_fragment(self.request.headers)


async def visitor(request: Request) -> Visitor:
    """Tell who asks; raises NotSignedIn, or Forged for an act that the console's own page did not send."""
    app: Bawab = request.app.state.bawab
    signed = await signing_in.signed(app, request, used=not is_fragment(request.headers))
    if signed is None:
        raise NotSignedIn(f"{SIGN_IN}?next={quote(_page_of(request))}")
    found = Visitor(app, signed.who, signed.t, signed.session, request)
    request.state.visitor = found
    await csrf.check(request, signed.session.csrf)
    if request.method == "GET" and not found.is_fragment:
        found = replace(found, waiting=await needs_me(app, signed.who))
    return found


Signed = Annotated[Visitor, Depends(visitor)]


def _page_of(request: Request) -> str:
    """Give the page to come back to: a form is found again on the page that showed it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query
