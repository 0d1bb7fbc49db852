"""The sandbox itself: an ASGI application that speaks Slack's wire format and keeps a journal of calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.slack.sandbox import admin
from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.faults import BEFORE_ONLY, Fault, FaultKind, fault_from
from connectors.chat.slack.sandbox.hooks import Hooks
from connectors.chat.slack.sandbox.limits import Limiter, Limits
from connectors.chat.slack.sandbox.methods import METHODS
from connectors.chat.slack.sandbox.sockets import Sockets
from connectors.chat.slack.sandbox.spoilt import request_id, spoilt_answer, too_many
from connectors.chat.slack.sandbox.state import Token, Workspace, base_workspace
from connectors.sandboxing import Pending, cut, fall_silent, take_faults

SCIM_PATCH = "scim.users.patch"
_SILENT = frozenset({FaultKind.DROP, FaultKind.SILENCE})


@dataclass(slots=True)
class JournalEntry:
    """One call as it arrived: the token is named by its owner only."""

    method: str
    verb: str
    params: dict[str, Any]
    by: str
    scopes: tuple[str, ...] = ()
    effect: str = "none"
    answer: str = ""
    """`ok`, the error string, or the fault that spoilt the answer."""


@dataclass(slots=True)
class Sandbox:
    """A running workspace with its faults, limits and journal, all open to the test in the same process."""

    workspace: Workspace = field(default_factory=base_workspace)
    faults: list[Fault] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    page_cap: int = 1000
    after_call: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """method → what somebody else does right after each call of it, to play out races."""
    journal: list[JournalEntry] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    limiter: Limiter = field(init=False)
    sockets: Sockets = field(init=False)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.limits)
        self.sockets = Sockets(self.workspace.surface)
        self.asgi = Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                Route("/scim/v1/Users/{id}", self._scim, methods=["PATCH"]),
                *Hooks(self.workspace.surface).routes(),
                Route("/_sandbox/state", self._state, methods=["GET"]),
                Route("/_sandbox/journal", self._journal, methods=["GET"]),
                Route("/_sandbox/faults", self._faults, methods=["POST", "DELETE"]),
            ]
        )

    @property
    def websockets(self) -> Callable[..., asyncio.BaseProtocol]:
        """What takes over a connection that asks for a websocket."""
        return self.sockets.protocol

    def effective_removals(self) -> list[tuple[str, str]]:
        """Give (channel, user) of every kick that really removed somebody, in order."""
        kicks = (entry for entry in self.journal if entry.effect in {"done", "delayed"})
        return [
            (entry.params["channel"], entry.params["user"])
            for entry in kicks
            if entry.method == "conversations.kick"
        ]

    def calls(self, method: str) -> list[JournalEntry]:
        """Give the journal's entries of one method."""
        return [entry for entry in self.journal if entry.method == method]

    def cut_all(self) -> None:
        """Cut every open connection."""
        cut(self.transports)

    async def _api(self, request: Request) -> Response:
        self.pending.settle()
        self.workspace.surface.origin = str(request.base_url).rstrip("/")
        method = request.path_params["method"]
        params = await _params(request)
        token = self.workspace.tokens.get(_bearer(request))
        entry = JournalEntry(method, request.method, params, token.user if token else "?")
        entry.scopes = tuple(token.scopes) if token else ()
        self.journal.append(entry)
        fault = self._strike(method, token)
        if fault is not None and (not fault.after_effect or fault.kind in BEFORE_ONLY):
            spoilt = await self._spoil(request, entry, fault)
            if spoilt is not None:
                return spoilt
        answer = self._answer(entry, token, fault)
        if fault is not None and fault.after_effect:
            spoilt = await self._spoil(request, entry, fault)
            if spoilt is not None:
                return spoilt
        return answer

    def _answer(self, entry: JournalEntry, token: Token | None, fault: Fault | None) -> Response:
        try:
            data = self._dispatch(entry, token, fault)
        except Refused as refused:
            entry.answer = refused.error
            return self._json({"ok": False, "error": refused.error, **refused.extra}, token)
        except _Limited as limited:
            entry.answer = "ratelimited"
            return self._limited_answer(limited.seconds)
        entry.answer = "ok"
        return self._json({"ok": True, **data}, token)

    def _dispatch(self, entry: JournalEntry, token: Token | None, fault: Fault | None) -> dict[str, Any]:
        if entry.method not in METHODS:
            raise Refused("unknown_method", req_method=entry.method)
        handler, tier = METHODS[entry.method]
        if token is None:
            raise Refused("invalid_auth")
        if token.revoked:
            raise Refused("token_revoked")
        if self.workspace.users[token.user].deleted:
            raise Refused("account_inactive")
        wait = self.limiter.wait_for(entry.method, tier)
        if wait is not None:
            raise _Limited(wait)
        if token.is_app and entry.method != "apps.connections.open":
            raise Refused("not_allowed_token_type")
        call = Call(entry.method, entry.params, token, self.workspace, self.pending, self.page_cap, fault)
        try:
            return handler(call)
        finally:
            entry.effect = call.effect
            self.after_call.get(entry.method, _nothing_else)()

    async def _scim(self, request: Request) -> Response:
        """PATCH of one user; only `active` is understood."""
        user_id = request.path_params["id"]
        body = await request.json()
        token = self.workspace.tokens.get(_bearer(request))
        entry = JournalEntry(SCIM_PATCH, "PATCH", {"id": user_id, **body}, token.user if token else "?")
        self.journal.append(entry)
        fault = self._strike(SCIM_PATCH, token)
        if fault is not None and not fault.after_effect:
            spoilt = await self._spoil(request, entry, fault)
            if spoilt is not None:
                return spoilt
        answer = self._patch(entry, token, fault, user_id, body)
        if fault is not None and fault.after_effect:
            return await self._spoil(request, entry, fault) or answer
        return answer

    def _patch(
        self,
        entry: JournalEntry,
        token: Token | None,
        fault: Fault | None,
        user_id: str,
        body: dict[str, Any],
    ) -> Response:
        if token is None or token.revoked:
            return _scim_error(entry, 401, "invalid_authentication")
        if token.is_bot or "admin" not in token.scopes:
            return _scim_error(entry, 403, "missing_scope")
        user = self.workspace.users.get(user_id)
        if user is None:
            return _scim_error(entry, 404, "user_not_found")
        if user.is_primary_owner:
            return _scim_error(entry, 403, "cannot_deactivate_primary_owner")
        call = Call(SCIM_PATCH, body, token, self.workspace, self.pending, self.page_cap, fault)
        if body.get("active") is False:
            call.bring_about(lambda: admin.deactivate(call, user))
        entry.effect, entry.answer = call.effect, "ok"
        return JSONResponse({"id": user.id, "active": not user.deleted}, headers=request_id())

    def _strike(self, method: str, token: Token | None) -> Fault | None:
        struck = [fault for fault in self.faults if fault.strikes(method)]
        if not struck:
            return None
        if struck[0].kind is FaultKind.TOKEN_REVOKED and token is not None:
            token.revoked = True
            return None
        return struck[0]

    async def _spoil(self, request: Request, entry: JournalEntry, fault: Fault) -> Response | None:
        """Give the spoilt answer, or None where the fault lies elsewhere (paging, effect)."""
        if fault.kind in _SILENT:
            entry.answer = fault.kind.value
            await fall_silent(request, self.transports, drop=fault.kind is FaultKind.DROP)
        spoilt = spoilt_answer(fault)
        if spoilt is not None:
            entry.answer = fault.kind.value
        return spoilt

    def _limited_answer(self, seconds: float) -> Response:
        if self.limits.as_ok_false:
            return JSONResponse({"ok": False, "error": "ratelimited"}, headers=request_id())
        return too_many(seconds)

    def _json(self, data: dict[str, Any], token: Token | None) -> Response:
        headers = request_id()
        if token is not None:
            headers["x-oauth-scopes"] = ",".join(token.scopes)
        return JSONResponse(data, headers=headers)

    async def _state(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        self.pending.settle()
        return JSONResponse(self.workspace.snapshot())

    async def _journal(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        return JSONResponse([asdict(entry) for entry in self.journal])

    async def _faults(self, request: Request) -> Response:
        return await take_faults(request, self.faults, fault_from)


class _Limited(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__("limited")
        self.seconds = seconds


def create_sandbox(
    workspace: Workspace | None = None,
    *,
    faults: Iterable[Fault] = (),
    limits: Limits | None = None,
    page_cap: int = 1000,
    after_call: Mapping[str, Callable[[], None]] | None = None,
) -> Sandbox:
    """Make a sandbox; `page_cap` makes pages smaller than asked for, as Slack may."""
    return Sandbox(
        workspace or base_workspace(), list(faults), limits or Limits(), page_cap, after_call or {}
    )


def _nothing_else() -> None:
    """Nobody else acts."""


async def _params(request: Request) -> dict[str, Any]:
    """Read arguments from the query string, a form or JSON, as Slack does."""
    params: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        body = await request.body()
        params |= json.loads(body) if body else {}
    elif "form" in kind:
        params |= dict(parse_qsl((await request.body()).decode()))
    params.pop("token", None)
    return params


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _scim_error(entry: JournalEntry, code: int, description: str) -> Response:
    entry.answer = description
    body = {"Errors": {"description": description, "code": code}}
    return JSONResponse(body, status_code=code, headers=request_id())
