"""The session of one browser: its cookie, whom it stands for, and its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.access import sessions
from bot.access.actor import Actor
from bot.access.preferences import preference_of
from bot.app import Bawab
from bot.locale import Translator, translator
from bot.store.access_tables import SessionRow

COOKIE: Final = "bawab"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whom a cookie stands for, in the language this browser is read in."""

    who: Actor
    t: Translator
    session: SessionRow


def is_secure(app: Bawab) -> bool:
    """Whether people reach the console by https, so that cookies may be for https alone."""
    return (app.settings.console.url or "").startswith("https://")


def cookie_name(app: Bawab) -> str:
    """Give the cookie's name: with `__Host-` no other host of the domain can set it."""
    return f"__Host-{COOKIE}" if is_secure(app) else COOKIE


async def signed(app: Bawab, request: Request, *, used: bool = True) -> SignedIn | None:
    """Tell whom the request's cookie stands for; None where it stands for nobody (any more).

    `used` is False for what a page asks by itself.
    """
    secret = request.cookies.get(cookie_name(app))
    found = await sessions.find(app, secret, used=used) if secret else None
    if found is None:
        return None
    who, session = found
    language = session.language or who.language
    async with app.store.read() as tx:
        chosen = await preference_of(tx, who.id)
    hijri = app.settings.console.hijri if chosen is None or chosen.hijri is None else chosen.hijri
    return SignedIn(replace(who, language=language), translator(language).with_hijri(hijri), session)


def give_cookie(app: Bawab, response: Response, secret: str) -> None:
    """Hand the session's cookie to the browser; it ends with the browser, and on the server before."""
    response.set_cookie(
        cookie_name(app), secret, path="/", secure=is_secure(app), httponly=True, samesite="lax"
    )


def take_cookie(app: Bawab, response: Response) -> None:
    """Take the session's cookie away from the browser."""
    response.delete_cookie(cookie_name(app), path="/", secure=is_secure(app), httponly=True, samesite="lax")
