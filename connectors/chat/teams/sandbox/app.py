"""The sandbox itself: an ASGI application that speaks Entra's and Graph's wire format and keeps a journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.teams.sandbox import batch, errors
from connectors.chat.teams.sandbox.call import Answer
from connectors.chat.teams.sandbox.changes import ACTS, World
from connectors.chat.teams.sandbox.engine import OPERATIONS, Ask, Engine, as_row, whole_fault
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.faults import Fault, FaultKind, fault_from
from connectors.chat.teams.sandbox.journal import BATCH, LOGIN, JournalEntry
from connectors.chat.teams.sandbox.limits import Limiter, Limits
from connectors.chat.teams.sandbox.login import LoginRefused, sign_in
from connectors.chat.teams.sandbox.notifications import Notifier
from connectors.chat.teams.sandbox.spoilt import spoilt_answer
from connectors.chat.teams.sandbox.state import Tenant, base_tenant
from connectors.chat.teams.sandbox.tokens import Tokens
from connectors.sandboxing import Pending, cut, fall_silent, take_faults

_SILENT = frozenset({FaultKind.DROP, FaultKind.SILENCE})
_ALL = ["GET", "POST", "PATCH", "PUT", "DELETE"]


@dataclass(slots=True)
class Sandbox:
    """A running tenant with its faults, limits and journal, all open to the test in the same process."""

    tenant: Tenant = field(default_factory=base_tenant)
    faults: list[Fault] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    page_cap: int = 1000
    token_seconds: float = 3599.0
    after_call: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """`METHOD /template` → what somebody else does right after each such request, to play out races."""
    journal: list[JournalEntry] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)
    tokens: Tokens = field(default_factory=Tokens)
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    world: World = field(init=False)
    engine: Engine = field(init=False)
    notifier: Notifier = field(init=False)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.tenant)
        self.notifier = Notifier(self.world)
        self.engine = Engine(
            self.world,
            self.tokens,
            Limiter(self.limits),
            self.pending,
            self.faults,
            self.page_cap,
            after_call=self.after_call,
        )
        self.asgi = Starlette(
            routes=[
                Route("/_sandbox/state", self._state, methods=["GET"]),
                Route("/_sandbox/journal", self._journal, methods=["GET"]),
                Route("/_sandbox/faults", self._faults, methods=["POST", "DELETE"]),
                Route("/_sandbox/acts", self._acts, methods=["POST"]),
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/v1.0/{path:path}", self._graph, methods=_ALL),
            ]
        )

    def calls(self, name: str) -> list[JournalEntry]:
        """Give the journal's entries of one `METHOD /template`."""
        return [entry for entry in self.journal if entry.name == name]

    def destructive(self) -> list[JournalEntry]:
        """Give every request, done or refused, that would have deleted something for good."""
        names = {operation.name for operation in OPERATIONS if operation.destroys}
        return [entry for entry in self.journal if entry.name in names]

    def settle(self) -> None:
        """Let everything show that is still under way."""
        self.pending.settle(everything=True)
        self.world.settle()

    def withdraw_consent(self, permission: str, *, at_once: bool = True) -> None:
        """Take a permission from the app; at once, or only from tokens still to be given."""
        self.engine.at_once = at_once
        self.tenant.app().granted.remove(permission)

    def cut_all(self) -> None:
        """Cut every open connection."""
        cut(self.transports)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        tenant_id = request.path_params["tenant"]
        template = LOGIN.partition(" ")[2]
        entry = JournalEntry("POST", template, request.url.path, by=form.get("client_id", "?"))
        self.journal.append(entry)
        ask = Ask(entry, "", "", errors.new_request_id())
        self.engine.strike(ask)
        spoilt = await self._spoil(request, [ask], after=False)
        if spoilt is not None:
            return spoilt
        try:
            data = sign_in(self.tenant, self.tokens, tenant_id, form, self.token_seconds)
        except LoginRefused as refused:
            entry.status, entry.answer = refused.status, f"AADSTS{refused.number}"
            return JSONResponse(refused.body(), status_code=refused.status)
        entry.status, entry.answer = 200, "ok"
        return JSONResponse(data, headers={"Cache-Control": "no-store"})

    async def _graph(self, request: Request) -> Response:
        self.pending.settle()
        raw = request.scope["raw_path"].decode().split("?")[0]
        path = raw.removeprefix("/v1.0")
        entry = JournalEntry(request.method, path, path, dict(request.query_params))
        self.journal.append(entry)
        ask = self._ask(request, entry)
        try:
            entry.body = as_row(await request.body())
            if f"{entry.method} {path}" == BATCH:
                return await self._batch(request, ask)
        except GraphError as error:
            return self._json(ask, self.engine.refused(ask, error))
        self.engine.route(ask)
        return await self._answered(request, [ask], lambda: self.engine.answer(ask))

    async def _batch(self, request: Request, ask: Ask) -> Response:
        entry = ask.entry
        position = len(self.journal) - 1
        entry.by = self.engine.caller(ask).app_id
        parts = batch.parts_of(entry.body, ask, position, lambda part: self._ask(request, part))
        entry.body = None  # said part by part
        self.journal += [part.ask.entry for part in parts]
        self.engine.strike(ask)
        for part in parts:
            self.engine.route(part.ask)
        asks = [ask, *(part.ask for part in parts)]

        async def answer() -> Answer:
            refused = self.engine.outer_refusal(ask)
            return refused or await batch.run(self.engine, parts)

        return await self._answered(request, asks, answer)

    async def _answered(
        self, request: Request, asks: list[Ask], answer: Callable[[], Awaitable[Answer]]
    ) -> Response:
        spoilt = await self._spoil(request, asks, after=False)
        if spoilt is not None:
            return spoilt
        given = await answer()
        asks[0].entry.status = given.status
        asks[0].entry.answer = asks[0].entry.answer or "ok"
        return await self._spoil(request, asks, after=True) or self._json(asks[0], given)

    async def _spoil(self, request: Request, asks: list[Ask], *, after: bool) -> Response | None:
        """Give the spoilt answer, or None where no fault spoils the whole of it."""
        fault = whole_fault(asks, after=after)
        if fault is None:
            return None
        for ask in asks:
            ask.entry.answer = fault.kind.value
        if fault.kind in _SILENT:
            await fall_silent(request, self.transports, drop=fault.kind is FaultKind.DROP)
        return spoilt_answer(fault)

    def _ask(self, request: Request, entry: JournalEntry) -> Ask:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        base = f"{request.url.scheme}://{request.url.netloc}/v1.0"
        own = request.headers.get("client-request-id", "")
        return Ask(entry, bearer, base, errors.new_request_id(), own)

    def _json(self, ask: Ask, answer: Answer) -> Response:
        ids = {"request-id": ask.request_id, "client-request-id": ask.client_request_id or ask.request_id}
        headers = {**answer.headers, **ids}
        # Whoever subscribed hears of it after the answer, as from Graph.
        told = BackgroundTask(self.notifier.deliver) if self.tenant.subscriptions else None
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers, background=told)
        return JSONResponse(answer.body, status_code=answer.status, headers=headers, background=told)

    async def _state(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        self.pending.settle()
        return JSONResponse(json.loads(json.dumps(self.tenant.snapshot(), default=str)))

    async def _journal(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        return JSONResponse([asdict(entry) for entry in self.journal])

    async def _acts(self, request: Request) -> Response:
        """Let somebody else do something, e.g. {"act": "add_member", "args": [group, user]}."""
        try:
            row = json.loads(await request.body())
            ACTS[row["act"]](self.world, *row.get("args", ()))
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)
        return JSONResponse({"told": await self.notifier.deliver()})

    async def _faults(self, request: Request) -> Response:
        return await take_faults(request, self.faults, fault_from)


def create_sandbox(
    tenant: Tenant | None = None,
    *,
    faults: Iterable[Fault] = (),
    limits: Limits | None = None,
    page_cap: int = 1000,
    after_call: Mapping[str, Callable[[], None]] | None = None,
) -> Sandbox:
    """Make a sandbox; `page_cap` makes pages smaller than asked for, as Graph may."""
    return Sandbox(
        tenant or base_tenant(), list(faults), limits or Limits(), page_cap, after_call=after_call or {}
    )
