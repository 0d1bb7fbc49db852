"""Calls Slack's Web API through slack_sdk and the wire, and turns every answer into one of few forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from connectors.chat.slack.answers import BAD_CREDENTIALS, BROKEN, RATE_LIMITED
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.routes import API, HOOKS, METHODS, ROUTES, SCIM, SOCKETS, Method
from connectors.contract import RateLimit
from connectors.errors import BadCredentials, ConnectorError, MissingScope, Unavailable
from connectors.redaction import Redactor
from connectors.wire import Access, Exchange, Route, Signal, SignalKind, Wire, WireSettings

SCOPES_HEADER = "x-oauth-scopes"
# A listing longer than this is a server gone wrong, not a workspace.
_MOST_PAGES = 5000
# They carry lists, which a form cannot.
_AS_JSON = frozenset(
    {
        "admin.users.session.resetBulk",
        "chat.postMessage",
        "chat.update",
        "views.open",
        "views.publish",
        "views.update",
    }
)


class SlackRefused(ConnectorError):
    """A read that Slack answered with `ok: false`; `error` is its string."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack refused {method}: {error}")
        self.error = error


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as Slack gave it; `error` is empty where `ok`."""

    ok: bool
    error: str
    data: Mapping[str, Any]
    exchange: Exchange


class SlackClient:
    """Both tokens' clients over one wire; opens nothing before the first call."""

    def __init__(self, config: SlackConfig, limits: tuple[RateLimit, ...]) -> None:
        self._config = config
        self.redact = Redactor((config.bot_token, config.admin_token, config.app_token))
        self.wire = Wire(_wire_settings(config, limits), self.redact)
        self._clients: dict[str, AsyncWebClient] = {}
        self._posted: set[str] = set()
        """Methods documented as GET that this server knows only as POST; Slack itself takes both."""
        self.on_bad_credentials: Callable[[], None] = _nothing
        """Called where Slack refuses a token: what was known of it no longer counts."""

    async def aclose(self) -> None:
        """Close the wire."""
        await self.wire.aclose()
        self._clients.clear()

    def web_client(self) -> AsyncWebClient:
        """Give the bot token's client, for what the SDK's own libraries do with it."""
        return self._client("bot")

    async def call(self, method: str, /, *, admin: bool | None = None, **params: Any) -> Answer:
        """Call a method; `ok: false` comes back as an Answer, all else raises what the wire raises.

        Raises BadCredentials where the token itself is refused; None values are left out.
        """
        known = METHODS[method]
        token = _token_for(known, admin=admin)
        answer = await self._send(method, known.verb, token, params)
        if answer.error in BAD_CREDENTIALS:
            self.on_bad_credentials()
            raise BadCredentials(
                f"{self._config.instance}: Slack refuses the {token} token at {method} ({answer.error}); "
                "give a valid token and restart"
            )
        return answer

    async def read(self, method: str, /, *, admin: bool | None = None, **params: Any) -> Answer:
        """Call a read and insist on `ok`; raises MissingScope or SlackRefused."""
        answer = await self.call(method, admin=admin, **params)
        if answer.ok:
            return answer
        if answer.error == "missing_scope":
            needed = str(answer.data.get("needed", ""))
            raise MissingScope(
                f"{self._config.instance}: {method} needs the scope {needed or '(not named)'}; "
                "add it under OAuth & Permissions and reinstall the app",
                needed=needed,
                provided=str(answer.data.get("provided", "")),
            )
        raise SlackRefused(method, answer.error)

    async def pages(
        self, method: str, key: str, /, *, admin: bool | None = None, **params: Any
    ) -> AsyncIterator[tuple[list[Any], Exchange]]:
        """Yield every page of a listing, to the last; raises Unavailable where the cursors go in circles."""
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            answer = await self.read(method, admin=admin, cursor=cursor, **params)
            yield _items(method, answer.data, key), answer.exchange
            cursor = _next_cursor(answer.data)
            if not cursor:
                return
            if cursor in seen:
                raise Unavailable(f"{method}: the same cursor came twice; the listing is not complete")
            seen.add(cursor)
        raise Unavailable(f"{method}: more than {_MOST_PAGES} pages; the listing is not complete")

    async def _send(self, method: str, verb: str, token: str, params: dict[str, Any]) -> Answer:
        if verb == "GET" and method not in self._posted:
            answer = await self._send_once(method, "GET", token, params)
            if answer.exchange.status != HTTPStatus.NOT_FOUND:
                return answer
            self._posted.add(method)
        return await self._send_once(method, "POST", token, params)

    async def _send_once(self, method: str, verb: str, token: str, params: dict[str, Any]) -> Answer:
        kind, given = _arguments(method, verb, params)
        refusal: Any = None
        data: Any = None
        with self.wire.recording() as exchanges:
            try:
                client = self._client(token)
                data = (await client.api_call(method, http_verb=verb, **{kind: given})).data
            except SlackApiError as error:
                # The SDK's exception holds the request's headers, so it must not become anyone's context.
                refusal = error.response
        if refusal is None:
            return Answer(True, "", data, exchanges[-1])
        data = refusal.data if isinstance(refusal.data, dict) else {}
        missing = refusal.status_code == HTTPStatus.NOT_FOUND
        said = "unknown_method" if missing else str(data.get("error", "unknown_error"))
        return Answer(False, said, data, exchanges[-1])

    def _client(self, kind: str) -> AsyncWebClient:
        if kind not in self._clients:
            config = self._config
            token = {"bot": config.bot_token, "admin": config.admin_token, "app": config.app_token}[kind]
            if token is None:
                raise BadCredentials(f"{config.instance}: no {kind} token is configured")
            client = AsyncWebClient(
                token=token,
                base_url=self._config.base_url,
                session=self.wire.session,
                retry_handlers=[],
            )
            # The SDK reads proxy variables from the environment; the wire is told explicitly.
            client.proxy = None
            self._clients[kind] = client
        return self._clients[kind]


def _token_for(method: Method, *, admin: bool | None) -> str:
    if method.app:
        return "app"
    return "admin" if (method.admin if admin is None else admin) else "bot"


def _arguments(method: str, verb: str, params: Mapping[str, Any]) -> tuple[str, Any]:
    """Give a call's arguments in the form its verb has: address, form or JSON; None values are left out.

    What is posted goes into the body, so that no proxy on the way logs it as part of an address.
    """
    given = {name: value for name, value in params.items() if value is not None}
    if method in _AS_JSON:
        return "json", given
    plain = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()
    }
    if verb == "GET":
        return "params", plain
    # Spelt here: of a mapping aiohttp would first prepare a multipart form, which costs more than all else
    # in this module. The SDK says in a header that it is a form.
    return "data", urlencode(plain).encode()


def _nothing() -> None:
    """Nobody wants to know."""


def _items(method: str, data: Mapping[str, Any], key: str) -> list[Any]:
    items = data.get(key)
    if not isinstance(items, list):
        raise Unavailable(f"{method}: the answer has no list {key!r}; the listing is not complete")
    return items


def _next_cursor(data: Mapping[str, Any]) -> str:
    metadata = data.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return str(cursor or data.get("next_cursor") or "")


def _wire_settings(config: SlackConfig, limits: tuple[RateLimit, ...]) -> WireSettings:
    return WireSettings(
        bases={
            API: _slashed(config.base_url),
            SCIM: _slashed(config.scim_url),
            HOOKS: config.hooks_base,
            SOCKETS: _slashed(config.sockets_base),
        },
        routes=ROUTES,
        limits=limits,
        read_signal=read_signal,
        read_only=config.read_only,
        pace_scale=config.pace_scale,
        connect_timeout=config.connect_timeout_seconds,
        total_timeout=config.timeout_seconds,
        max_response_bytes=config.max_response_bytes,
        read_tries=config.read_tries,
        backoff=config.backoff_seconds,
        longest_read_wait=config.longest_read_wait_seconds,
        longest_write_wait=config.longest_write_wait_seconds,
        keep_headers=(SCOPES_HEADER,),
        request_id_header="x-slack-req-id",
        proxy=config.proxy,
    )


def _slashed(url: str) -> str:
    return url if url.endswith("/") else url + "/"


def read_signal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> Signal:
    """Tell the wire whether Slack answered, asks to wait, or failed; bodies are judged, never kept."""
    if status == 429:
        return Signal(SignalKind.LIMITED, retry_after=_seconds(headers.get("Retry-After")))
    if status >= 500:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status}")
    if route.base in (SCIM, HOOKS):
        return Signal(SignalKind.ANSWERED)
    return _api_signal(route, status, headers, body)


def _api_signal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> Signal:
    if status == HTTPStatus.NOT_FOUND and route.access is Access.READ:
        return Signal(SignalKind.ANSWERED)  # a server without this method; `_send` says so
    if "json" not in headers.get("Content-Type", ""):
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} without JSON")
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} with malformed JSON")
    if not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} with JSON that is no Slack answer")
    error = str(data.get("error", "")) if not data["ok"] else ""
    if error in RATE_LIMITED:
        return Signal(SignalKind.LIMITED, retry_after=_seconds(headers.get("Retry-After")))
    if error in BROKEN:
        return Signal(SignalKind.BROKEN, reason=error)
    return Signal(SignalKind.ANSWERED)


def _seconds(header: str | None) -> float | None:
    try:
        seconds = float(header) if header is not None else None
    except ValueError:
        return None
    return seconds if seconds is None or 0 <= seconds < 86_400 else None
