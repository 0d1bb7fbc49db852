"""No other page may act in somebody's name: the session's own token, and where the browser says it was."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Forged(Exception):
    """A request that the console's own pages did not send, or not in this session."""


async def check(request: Request, token: str) -> None:
    """Raise Forged where an unsafe request does not come from the console, or lacks the session's token."""
    if request.method in SAFE:
        return
    same_origin(request)
    given = request.headers.get(HEADER) or str((await request.form()).get(FIELD, ""))
    if not matches(given, token):
        raise Forged("the page was out of date, or another page sent this")


def matches(given: str, token: str) -> bool:
    """Whether this is the session's token; takes as long for any other."""
    return hmac.compare_digest(given.encode(), token.encode())


def same_origin(request: Request) -> None:
    """Raise Forged where the browser says that another site sent this.

    Every browser of the last years sends Sec-Fetch-Site, which no page can set. Origin is what older ones
    send; of a page that is told to send no referrer it is `null`, for forms to itself, too (Fetch, "append a
    request Origin header"), so it says something only where the other is missing. A client that sends
    neither is no browser, and no page elsewhere can make it send anything.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forged(f"sent from another site ({site})")
    origin = request.headers.get("origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return
    if _netloc(origin) != request.headers.get("host", "").lower():
        raise Forged("sent from another origin")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # `http://[`: no browser's
        return None
