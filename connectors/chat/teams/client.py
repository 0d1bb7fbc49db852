"""Calls Graph through Microsoft's SDK and the wire, and turns every answer into one of few forms."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from connectors.chat.teams.config import TeamsConfig
from connectors.chat.teams.refusals import GraphRefused, PageRefused, is_not_offered, missing_permission
from connectors.chat.teams.routes import GRAPH, LOGIN, ROUTES
from connectors.chat.teams.signals import read_signal
from connectors.chat.teams.tokens import TeamsRedactor, Tokens, is_guid
from connectors.contract import RateLimit
from connectors.errors import BadCredentials, ConnectorError, MissingScope, Unavailable
from connectors.wire import Exchange, Wire, WireSettings

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from connectors.chat.teams.sdk import Sdk

Row = Mapping[str, Any]
# A listing longer than this is a server gone wrong, not a tenant.
_MOST_PAGES = 20_000
_PERMISSIONS_KEPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, of a request by itself or of a batch's part."""

    route: str
    """`METHOD /template`, as in the allow-list."""
    status: int
    data: Row
    exchange: Exchange
    """The HTTP request that carried it."""

    @property
    def ok(self) -> bool:
        """Whether Graph did what was asked."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """Graph's error code; empty where it gave none."""
        return str(self._error.get("code") or "")

    @property
    def message(self) -> str:
        """Graph's words; they may name ids, so they are compared and never shown."""
        return str(self._error.get("message") or "")

    @property
    def not_offered(self) -> bool:
        """Whether the server says that it lacks this function."""
        return is_not_offered(self.status, self.code, self.message)

    @property
    def _error(self) -> Row:
        error = self.data.get("error")
        return error if isinstance(error, dict) else {}


class GraphClient:
    """One app in one tenant, over one wire; opens nothing, and loads no SDK, before the first call."""

    def __init__(self, config: TeamsConfig, limits: tuple[RateLimit, ...]) -> None:
        self.config = config
        self.redact = TeamsRedactor((config.client_secret,))
        self.wire = Wire(_wire_settings(config, limits), self.redact)
        self.tokens = Tokens(config, self.wire, self.redact)
        self.asked_tenant = ""
        """The tenant's id as Graph says it, where the token does not."""
        self._sdk: Sdk | None = None
        self._permissions_known_until = 0.0

    @property
    def sdk(self) -> Sdk:
        """Microsoft's SDK, loaded now if it was not; needs a running loop."""
        if self._sdk is None:
            # Imported late: `import connectors.chat.teams` must not cost the SDK.
            from connectors.chat.teams.sdk import Sdk  # noqa: PLC0415

            self._sdk = Sdk(self.config.base_url.rstrip("/"), self.wire, self.tokens)
        return self._sdk

    @property
    def home_tenant(self) -> str:
        """The id of the tenant as the token or Graph says it; else as configured, by name perhaps."""
        token = self.tokens.known
        return (token.tenant_id if token else "") or self.asked_tenant or self.config.tenant_id

    def is_foreign(self, tenant_id: object) -> bool:
        """Whether this is surely another tenant's id; a domain name cannot be compared with one."""
        home = self.home_tenant
        return bool(tenant_id) and is_guid(home) and str(tenant_id).lower() != home.lower()

    async def aclose(self) -> None:
        """Close what is open."""
        if self._sdk is not None:
            await self._sdk.aclose()
            self._sdk = None
        await self.wire.aclose()

    async def call(self, ask: RequestInformation) -> Answer:
        """Send one request; a token that died is replaced once, for nothing was done with it.

        Raises what the wire raises, and BadCredentials where Graph refuses a fresh token too.
        """
        token = await self.tokens.token()
        answer = await self._send(ask)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.tokens.forget(token)
            answer = await self._send(ask)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.tokens.forget()
            raise self.token_refused(answer)
        return answer

    async def _send(self, ask: RequestInformation) -> Answer:
        with self.wire.recording() as exchanges:
            response = await self.sdk.send(ask)
        body, last = response.content, exchanges[-1]
        return Answer(last.route, response.status_code, orjson.loads(body) if body else {}, last)

    async def read(self, ask: RequestInformation) -> Answer:
        """Send a read and insist on its success; raises MissingScope or GraphRefused."""
        answer = await self.call(ask)
        if not answer.ok:
            raise await self.refusal(answer)
        return answer

    async def pages(self, ask: RequestInformation) -> AsyncIterator[tuple[list[Row], Exchange]]:
        """Yield every page of a listing, to the last; raises Unavailable where the links go in circles."""
        async for page in self.pages_from(await self.read(ask)):
            yield page

    async def pages_from(self, answer: Answer) -> AsyncIterator[tuple[list[Row], Exchange]]:
        """Yield the page already read, and all that follow it."""
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            yield rows_of(answer), answer.exchange
            link = answer.data.get("@odata.nextLink")
            if not link:
                return
            if link in seen:
                raise Unavailable(f"{answer.route}: the same page came twice; the listing is not complete")
            seen.add(str(link))
            try:
                answer = await self.read(self.sdk.at(str(link)))
            except GraphRefused as refused:
                raise PageRefused(refused) from None
        raise Unavailable(f"{answer.route}: more than {_MOST_PAGES} pages; the listing is not complete")

    async def listing(self, ask: RequestInformation) -> list[Row]:
        """Give a listing whole."""
        return [row async for page, _ in self.pages(ask) for row in page]

    async def missing(self, answer: Answer) -> str:
        """Name the application permission a 403 is about; empty where the app has all it needs.

        A consent withdrawn since shows in a fresh token only, so one is fetched, but not at every 403. One
        given back shows in a fresh token only, too: whoever asks again, after a while, asks with that.
        """
        needed = missing_permission(answer.route, answer.message, self.tokens.known)
        if needed:
            self.tokens.forget()
        if needed or time.monotonic() < self._permissions_known_until:
            return needed
        self.tokens.forget()
        token = await self.tokens.token()
        self._permissions_known_until = time.monotonic() + _PERMISSIONS_KEPT_SECONDS
        return missing_permission(answer.route, answer.message, token)

    async def refusal(self, answer: Answer) -> ConnectorError:
        """Give what a refused read means."""
        if answer.status == HTTPStatus.FORBIDDEN and (needed := await self.missing(answer)):
            return MissingScope(
                f"{self.config.instance}: {answer.route} needs the application permission {needed}; "
                "grant it under Entra admin center > App registrations > the app > API permissions, "
                "with admin consent",
                needed=needed,
            )
        return GraphRefused(answer.route, answer.status, answer.code, not_offered=answer.not_offered)

    def token_refused(self, answer: Answer) -> BadCredentials:
        """Say that Graph takes no token of this app."""
        return BadCredentials(
            f"{self.config.instance}: Graph refuses the app's token at {answer.route} ({answer.code}); "
            "check that the app still exists in the tenant, is enabled and has admin consent"
        )

    def relative(self, ask: RequestInformation) -> str:
        """Give a request's address relative to the base, query included."""
        return self.sdk.url(ask)[len(self.config.base_url.rstrip("/")) :]


def rows_of(answer: Answer) -> list[Row]:
    """Give one page's rows; raises Unavailable where it has none, not even an empty list."""
    rows = answer.data.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unavailable(f"{answer.route}: the answer has no list `value`; the listing is not complete")
    return rows


def with_query(ask: RequestInformation, **options: object) -> RequestInformation:
    """Give the request with OData options, without their `$`; None leaves one out."""
    for name, value in options.items():
        if value is not None:
            ask.query_parameters[f"%24{name}"] = value
    return ask


def with_body(ask: RequestInformation, body: Row) -> RequestInformation:
    """Give the request with a JSON body."""
    ask.set_stream_content(orjson.dumps(body), "application/json")
    return ask


def _wire_settings(config: TeamsConfig, limits: tuple[RateLimit, ...]) -> WireSettings:
    return WireSettings(
        bases={GRAPH: config.base_url.rstrip("/"), LOGIN: config.login_url.rstrip("/") + "/"},
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
        request_id_header="request-id",
        proxy=config.proxy,
    )
