"""The one way out, below the SDK: what may leave, how fast, what is recorded, and what a failure means.

It is an aiohttp client middleware, so every request of any SDK that is handed `Wire.session` passes
here. What it raises says whether anything was sent:

* Forbidden       not on the allow-list, another host, or a write in a dry run; nothing was sent
* NotSent         no connection was made; nothing was sent
* RateLimited     the server refused; nothing was done
* HeldBack        a RateLimited of our own pace: nothing was even asked
* AnswerLost      a write may have arrived; read back before anything else
* Unavailable     a read got no usable answer after all tries
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import aiohttp

from connectors.allow_list import AllowList
from connectors.bounded import bounded
from connectors.contract import RateLimit
from connectors.errors import Forbidden, HeldBack, RateLimited, Unavailable
from connectors.pacing import Pacing, hint
from connectors.permits import may_leave
from connectors.probing import asked, noted, tries_of, under_way
from connectors.redaction import Redactor
from connectors.routes import Access, Admitted, Part, Route, Unreadable, admit_parts
from connectors.waits import waited_for_turn

__all__ = [
    "Access",
    "AnswerLost",
    "Exchange",
    "HeldBack",
    "NotSent",
    "RateLimited",
    "ReadSignal",
    "Route",
    "Signal",
    "SignalKind",
    "Wire",
    "WireSettings",
]


class NotSent(Unavailable):
    """No connection was made, so surely nothing arrived."""


class AnswerLost(Exception):
    """A write may have arrived and its answer is lost.

    Not a ConnectorError on purpose: those mean that nothing was sent, and this must never be taken
    for one of them.
    """


class SignalKind(StrEnum):
    """What an answer means to the wire; everything else in it is the connector's business."""

    ANSWERED = "answered"
    LIMITED = "limited"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Signal:
    """The wire's reading of one answer; `retry_after` in seconds where the server said so."""

    kind: SignalKind
    retry_after: float | None = None
    reason: str = ""


ReadSignal = Callable[[Route, int, Mapping[str, str], bytes], Signal]
"""(route, status, headers, body) → Signal; each platform has its own form of 'not now'."""


@dataclass(slots=True)
class Exchange:
    """One request as evidence: no token, no parameter, no body."""

    route: str
    access: Access
    at: datetime
    status: int = 0
    """0 where no answer came."""
    request_id: str = ""
    seconds: float = 0.0
    tries: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Only those named in `WireSettings.keep_headers`."""


@dataclass(frozen=True, slots=True)
class WireSettings:
    """What the wire needs to know; times in seconds, sizes in bytes."""

    bases: Mapping[str, str] = field(repr=False)
    """By name; Telegram's address holds the token. A host `*.slack.com` stands for every host below it."""
    routes: Sequence[Route]
    limits: Sequence[RateLimit]
    read_signal: ReadSignal
    read_only: bool = False
    pace_scale: float = 1.0
    connect_timeout: float = 10.0
    total_timeout: float = 30.0
    max_response_bytes: int = 16 * 1024 * 1024
    read_tries: int = 3
    backoff: float = 0.5
    longest_read_wait: float = 65.0
    """The longest a read sleeps for its turn; a write's longest is below, so that its lane can go on."""
    longest_write_wait: float = 5.0
    keep_headers: tuple[str, ...] = ()
    request_id_header: str = ""
    proxy: str | None = field(default=None, repr=False)


_Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
_RECORDING: ContextVar[list[Exchange] | None] = ContextVar("wire_recording", default=None)


class Wire:
    """One connector instance's way out; `connections` holds every (address, port) it opened a socket to."""

    def __init__(self, settings: WireSettings, redact: Redactor) -> None:
        self._settings = settings
        self._redact = redact
        self._allowed = AllowList(settings.bases, settings.routes)
        self.pacing = Pacing(settings.limits, scale=settings.pace_scale)
        """What paces it: to be told of an outage's end (`ramp`), and kept (`state`, `restore`)."""
        self._session: aiohttp.ClientSession | None = None
        self.connections: list[tuple[str, int]] = []
        self.requests_sent = 0

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session to hand to an SDK; made on first use, inside a running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                middlewares=(self._pass,),
                response_class=bounded(self._settings.max_response_bytes),
                cookie_jar=aiohttp.DummyCookieJar(),
                # `connect` bounds DNS, socket and TLS; the whole is bounded in `_once`, without the wait.
                timeout=aiohttp.ClientTimeout(total=None, connect=self._settings.connect_timeout),
                # Shorter than servers keep idle connections, so that a write seldom meets a closing one.
                connector=aiohttp.TCPConnector(keepalive_timeout=3.0, socket_factory=self._socket),
                trust_env=False,
                proxy=self._settings.proxy,
            )
        return self._session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Collect the exchanges of the calls made inside, in order."""
        outer = _RECORDING.get()
        exchanges: list[Exchange] = []
        token = _RECORDING.set(exchanges)
        try:
            yield exchanges
        finally:
            _RECORDING.reset(token)
            if outer is not None:
                outer.extend(exchanges)

    def noted(self, exchanges: Sequence[Exchange]) -> None:
        """Put exchanges that were made for several callers at once into the recording that runs here."""
        if (recording := _RECORDING.get()) is not None:
            recording.extend(exchanges)

    def _socket(self, address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        """Make the socket of one connection and write down where it goes."""
        family, kind, protocol, _, where = address
        self.connections.append((str(where[0]), int(where[1])))
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    async def _pass(self, request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
        admitted = await self._admit(request)
        exchange = Exchange(route=admitted.route.name, access=admitted.access, at=datetime.now(UTC))
        if (recording := _RECORDING.get()) is not None:
            recording.append(exchange)
        if under_way() is None:
            return await self._leave(admitted, exchange, request, handler)
        async with asked(admitted.route.name, answers=RateLimited):
            return await self._leave(admitted, exchange, request, handler)

    async def _leave(
        self, admitted: Admitted, exchange: Exchange, request: aiohttp.ClientRequest, handler: _Handler
    ) -> aiohttp.ClientResponse:
        if admitted.route.upgrade:
            return await self._upgrade(admitted, exchange, request, handler)
        if admitted.access is Access.WRITE:
            return await self._write(admitted, exchange, request, handler)
        return await self._read(admitted, exchange, request, handler)

    async def _admit(self, request: aiohttp.ClientRequest) -> Admitted:
        """Find what may leave as what, each part of a batch judged for itself; or raise Forbidden."""
        found = self._allowed.find(request.method, request.url)
        if found is None:
            asked = f"{request.method} {request.url.origin()}{request.url.path}"
            raise Forbidden(self._redact(f"{asked} is not on this connector's allow-list; nothing was sent"))
        route, path = found
        admitted: Admitted | Part = Admitted(route, route.access, route.paces(path))
        looked_into = route.unpack is not None or route.judge is not None
        body = await request.body.as_bytes() if looked_into and request.body else b""
        if why := route.objection(body):
            raise Forbidden(f"{route.name}: {why}; nothing was sent")
        if route.unpack is not None:
            try:
                admitted = admit_parts(self._settings.routes, route, body)
            except Unreadable as error:
                raise Forbidden(f"{route.name}: {error}; nothing was sent") from None
        if isinstance(admitted, Part):
            said = f"{route.name}: {admitted.method} {admitted.path} inside it is not on the allow-list"
            raise Forbidden(self._redact(f"{said}; nothing was sent"))
        if self._settings.read_only and admitted.access is Access.WRITE:
            raise Forbidden(f"{route.name} writes, and this is a dry run; nothing was sent")
        return admitted

    async def _write(
        self, admitted: Admitted, exchange: Exchange, request: aiohttp.ClientRequest, handler: _Handler
    ) -> aiohttp.ClientResponse:
        route = admitted.route
        await self._turn(admitted, self._settings.longest_write_wait)
        if not may_leave():
            self.pacing.lost(admitted.paces)
            raise HeldBack(f"{route.name}: it waited for too long; nothing was sent", retry_after=0.0)
        response, signal = await self._once(admitted, exchange, request, handler)
        if signal.kind is SignalKind.LIMITED:
            raise _limited(route, signal)
        if response is None or signal.kind is SignalKind.BROKEN:
            raise AnswerLost(f"{route.name}: {signal.reason}; it may have had its effect")
        return response

    async def _upgrade(
        self, admitted: Admitted, exchange: Exchange, request: aiohttp.ClientRequest, handler: _Handler
    ) -> aiohttp.ClientResponse:
        """Open a websocket: one try, whose answer is its head alone; raises Unavailable where none opens."""
        route = admitted.route
        await self._turn(admitted, self._settings.longest_read_wait)
        exchange.tries += 1
        self.requests_sent += 1
        try:
            async with asyncio.timeout(self._settings.total_timeout):
                response = await handler(request)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{route.name}: no websocket opened ({type(error).__name__})") from None
        finally:
            self.pacing.lost(admitted.paces)
        self._note(exchange, response)
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            response.close()
            raise Unavailable(f"{route.name}: answered {response.status} instead of opening a websocket")
        return response

    async def _read(
        self, admitted: Admitted, exchange: Exchange, request: aiohttp.ClientRequest, handler: _Handler
    ) -> aiohttp.ClientResponse:
        route, most = admitted.route, self._settings.read_tries
        for attempt in range(1, most + 1):
            await self._turn(admitted, self._settings.longest_read_wait)
            try:
                response, signal = await self._once(admitted, exchange, request, handler)
            except NotSent:
                if attempt >= tries_of(most):
                    raise
                await self._back_off(attempt)
                continue
            if response is not None and signal.kind is SignalKind.ANSWERED:
                return response
            if signal.kind is SignalKind.LIMITED:
                if attempt >= tries_of(most):
                    raise _limited(route, signal)
            elif attempt >= tries_of(most):
                raise Unavailable(f"{route.name}: {signal.reason}, {attempt} times; wait and try again")
            else:
                await self._back_off(attempt)
        raise AssertionError("read_tries is at least 1")

    async def _turn(self, admitted: Admitted, longest: float) -> None:
        asked_at = time.monotonic()
        missing = await self.pacing.turns(admitted.paces, longest)
        waited_for_turn(time.monotonic() - asked_at)
        if missing is not None:
            raise HeldBack(
                f"{admitted.route.name}: still limited for {missing:.1f} s; nothing was sent",
                retry_after=missing,
            )

    def part_refused(self, method: str, base: str, path: str, retry_after: float | None) -> float:
        """Learn that one part of a batch was refused for now; gives the seconds until it may leave again."""
        route = self._allowed.route_of(method, base, path)
        if route is None:
            raise ValueError(f"{method} {path} is not on this connector's allow-list")
        return self.pacing.refused_any(route.paces(path), retry_after)

    def refused_for(self, method: str, base: str, path: str) -> float:
        """Give the seconds for which a refusal of such a request still holds; 0 where none does."""
        route = self._allowed.route_of(method, base, path)
        paces = route.paces(path) if route is not None else ()
        return max((self.pacing.refused_for(key) for key, _ in paces), default=0.0)

    async def _back_off(self, attempt: int) -> None:
        scale = self._settings.backoff * 2 ** (attempt - 1)
        await asyncio.sleep(scale * (0.5 + random.random() / 2))  # noqa: S311 - jitter, no secret
        if under_way() is not None:
            raise Unavailable("not tried again, because the platform may be down")

    async def _once(
        self, admitted: Admitted, exchange: Exchange, request: aiohttp.ClientRequest, handler: _Handler
    ) -> tuple[aiohttp.ClientResponse | None, Signal]:
        """Send once and read the answer whole; NotSent where no connection was made."""
        route = admitted.route
        started, whole = time.monotonic(), False
        exchange.tries += 1
        try:
            async with asyncio.timeout(self._settings.total_timeout):
                response = await handler(request)
                body = await response.read()
            whole = True
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
        ) as e:
            raise NotSent(f"{route.name}: no connection ({type(e).__name__}); nothing was sent") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.requests_sent += 1
            return None, Signal(SignalKind.BROKEN, reason=f"no whole answer ({type(error).__name__})")
        finally:
            exchange.seconds = time.monotonic() - started
            if not whole:
                self.pacing.lost(admitted.paces)
                noted(answered=False)
        self.requests_sent += 1
        self._note(exchange, response)
        signal = self._judge(admitted.route, response, body)
        noted(answered=signal.kind is not SignalKind.BROKEN)
        return response, self._learnt(admitted, signal, started, response.headers)

    def _judge(self, route: Route, response: aiohttp.ClientResponse, body: bytes) -> Signal:
        if 300 <= response.status < 400:
            return Signal(
                SignalKind.BROKEN, reason=f"answered with a redirect ({response.status}), not followed"
            )
        return self._settings.read_signal(route, response.status, response.headers, body)

    def _learnt(
        self, admitted: Admitted, signal: Signal, started: float, headers: Mapping[str, str]
    ) -> Signal:
        """Tell the pacing what came back; gives the signal, with the whole wait where it was a refusal."""
        paces = admitted.paces
        if signal.kind is SignalKind.LIMITED:
            # A batch paced by its parts alone is refused as a whole under its own name.
            paces = paces or ((admitted.route.name, admitted.route.limit),)
            return replace(signal, retry_after=self.pacing.refused_any(paces, signal.retry_after, started))
        if signal.kind is SignalKind.BROKEN:
            self.pacing.lost(paces)
        else:
            self.pacing.accepted_all(paces)
        if paces and (said := hint(headers)) is not None:
            self.pacing.told(paces, said)
        return signal

    def _note(self, exchange: Exchange, response: aiohttp.ClientResponse) -> None:
        settings = self._settings
        exchange.status = response.status
        headers = response.headers
        if settings.request_id_header:
            exchange.request_id = self._redact(headers.get(settings.request_id_header, ""))[:128]
        exchange.headers = {
            name: self._redact(headers[name]) for name in settings.keep_headers if name in headers
        }


def _limited(route: Route, signal: Signal) -> RateLimited:
    wait = signal.retry_after or 0.0
    return RateLimited(
        f"{route.name}: the server refuses for {wait:.1f} s; nothing was done", retry_after=wait
    )
