"""What is said once, on the page after an act: kept in a cookie that only this session can have made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bot.surfaces.web import signing_in

if TYPE_CHECKING:
    from bot.surfaces.web.visitor import Visitor

SECONDS: Final = 60
MOST: Final = 1200
"""Characters; a browser drops a cookie beyond 4 KB, and with it what was said."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message, and whether it is good news."""

    text: str
    kind: str


def keep(v: Visitor, response: Response, text: str, kind: str) -> None:
    """Keep a message for the next page."""
    body = base64.urlsafe_b64encode(json.dumps([text[:MOST], kind]).encode()).decode()
    response.set_cookie(
        _name(v),
        f"{body}.{_seal(v, body)}",
        max_age=SECONDS,
        path="/",
        secure=signing_in.is_secure(v.app),
        httponly=True,
        samesite="lax",
    )


def read(v: Visitor) -> Said | None:
    """Give the message that waits, if this session left one."""
    body, _, seal = v.request.cookies.get(_name(v), "").partition(".")
    if not seal or not hmac.compare_digest(seal.encode(), _seal(v, body).encode()):
        return None
    text, kind = json.loads(base64.urlsafe_b64decode(body))
    return Said(text, kind)


def forget(v: Visitor, response: Response) -> None:
    """Take the message away; it was shown."""
    response.delete_cookie(
        _name(v), path="/", secure=signing_in.is_secure(v.app), httponly=True, samesite="lax"
    )


def _name(v: Visitor) -> str:
    return f"{signing_in.cookie_name(v.app)}-said"


def _seal(v: Visitor, body: str) -> str:
    return hmac.new(v.csrf.encode(), body.encode(), hashlib.sha256).hexdigest()
