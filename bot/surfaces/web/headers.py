"""What every answer of the console carries, and what no request may be: other hosts, bodies without end."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.surfaces.web.address import LOOPBACK

_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With "no-referrer" a browser sends our own forms from the origin "null", and they would be refused.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_POLICY: Final = (
    "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'{more}"
)
STATIC_PATH: Final = "/static/"
_HSTS: Final = "max-age=31536000"
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
_ELSEWHERE: Final = "This is not the address of this console; BAWAB_CONSOLE__URL names it.\n"


class Guarded:
    """Puts the console's headers on every answer; refuses a Host that is not the console's own.

    A wrong Host is how a page elsewhere would reach a console on loopback by a name of its own (DNS
    rebinding), and how links in answers would be made to lead elsewhere.
    """

    def __init__(self, app: ASGIApp, *, url: str | None, form_targets: tuple[str, ...] = ()) -> None:
        self._app = app
        self._secure = url is not None and url.startswith("https://")
        self._host = urlsplit(url).netloc.lower() if url else None
        self._policy = _POLICY.format(more="".join(f" {target}" for target in form_targets))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._put(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if not self._is_ours(Headers(scope=scope)):
            refused = PlainTextResponse(_ELSEWHERE, status_code=400)
            await refused(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _put(self, headers: MutableHeaders, path: str) -> None:
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", self._policy)
        # Style and script are the same for everybody: kept, and asked after each time.
        headers.setdefault("cache-control", "no-cache" if path.startswith(STATIC_PATH) else "no-store")
        if self._secure:
            headers.setdefault("strict-transport-security", _HSTS)

    def _is_ours(self, headers: Headers) -> bool:
        """Whether the request names the console's own address, or comes from this very machine.

        Without BAWAB_CONSOLE__URL only this machine is let in, so nothing that a proxy brings: its people
        would use a console over who knows what, with cookies that are not for https alone.
        """
        host = headers.get("host", "").lower()
        if self._host is not None:
            return host == self._host
        return _hostname(host) in LOOPBACK and not any(name in headers for name in _FORWARDED)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
