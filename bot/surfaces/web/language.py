"""Which language a page speaks: the session's, the person's own, or, before sign-in, the browser's."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from bot.app import Bawab
from bot.locale import LANGUAGES, Translator, translator
from bot.store.access_tables import SessionRow
from bot.store.query import change, columns
from bot.surfaces.web.signing_in import is_secure

COOKIE: Final = "language"
_YEAR: Final = 365 * 24 * 3600


def spoken(app: Bawab, request: Request) -> Translator:
    """Give the language for whoever is not signed in: chosen before, asked for by the browser, or set."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return translator(chosen)
    return translator(_asked_for(request), app.settings.language)


def remember(app: Bawab, response: Response, language: str) -> None:
    """Keep a choice for the pages before sign-in; it names nobody."""
    response.set_cookie(
        COOKIE, language, max_age=_YEAR, path="/", secure=is_secure(app), httponly=True, samesite="lax"
    )


async def speak(app: Bawab, session: SessionRow, language: str | None) -> None:
    """Change the language of one session; None: as the person chose for themselves."""
    rows = columns(SessionRow)
    async with app.store.write() as tx:
        await change(tx, SessionRow, {"language": language}, rows.token_hash == session.token_hash)


def _asked_for(request: Request) -> str | None:
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.partition(";")[0].strip()
        if tag.partition("-")[0].lower() in LANGUAGES:
            return tag
    return None
