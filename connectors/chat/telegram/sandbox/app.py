"""The sandbox itself: an ASGI application that speaks the Bot API's wire format, and a journal of calls."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.telegram.sandbox.call import Call, Refused
from connectors.chat.telegram.sandbox.door import TOKEN_FORM, params_of
from connectors.chat.telegram.sandbox.faults import BEFORE_ONLY, Fault, FaultKind, fault_from
from connectors.chat.telegram.sandbox.limits import Limits
from connectors.chat.telegram.sandbox.methods import BY_NAME, METHODS
from connectors.chat.telegram.sandbox.seed import base_world, snapshot
from connectors.chat.telegram.sandbox.spoilt import refusal, spoilt_answer
from connectors.chat.telegram.sandbox.state import Bot
from connectors.chat.telegram.sandbox.world import World
from connectors.sandboxing import Pending, cut, fall_silent, take_faults

_SILENT = frozenset({FaultKind.DROP, FaultKind.SILENCE})


@dataclass(slots=True)
class JournalEntry:
    """One call as it arrived: the bot is named by its account, never by its token."""

    method: str
    verb: str
    params: dict[str, str]
    by: int | None
    effect: str = "none"
    answer: str = ""
    """`ok`, the description of a refusal, or the fault that spoilt the answer."""

    @property
    def chat(self) -> int | None:
        """The chat the call was about, where it names one by number."""
        try:
            return int(self.params.get("chat_id", ""))
        except ValueError:
            return None


@dataclass(slots=True)
class Sandbox:
    """A running Telegram with its faults and journal, all open to the test in the same process."""

    world: World = field(default_factory=base_world)
    faults: list[Fault] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    after_call: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """method → what somebody else does right after each call of it, to play out races."""
    journal: list[JournalEntry] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.asgi = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._api, methods=["GET", "POST"]),
                Route("/_sandbox/state", self._state, methods=["GET"]),
                Route("/_sandbox/journal", self._journal, methods=["GET"]),
                Route("/_sandbox/faults", self._faults, methods=["POST", "DELETE"]),
            ],
            exception_handlers={404: _not_found},
        )

    def calls(self, method: str) -> list[JournalEntry]:
        """Give the journal's entries of one method."""
        return [entry for entry in self.journal if entry.method == method]

    def effective_removals(self) -> list[tuple[int, int]]:
        """Give (chat, user) of every call that really put somebody out, in order."""
        removals = {"banChatMember", "unbanChatMember"}
        done = [entry for entry in self.journal if entry.effect in {"done", "delayed"}]
        return [(e.chat or 0, int(e.params["user_id"])) for e in done if e.method in removals]

    def settle(self) -> None:
        """Bring about every delayed effect now."""
        self.pending.settle(everything=True)

    def cut_all(self) -> None:
        """Cut every open connection, and deliver nothing more."""
        for bot in self.world.bots.values():
            if bot.courier is not None:
                bot.courier.stop()
        cut(self.transports)

    async def _api(self, request: Request) -> Response:
        self.pending.settle()
        asked = request.path_params["method"]
        method = BY_NAME.get(asked.lower(), asked)
        params = await params_of(request)
        bot = self.world.bots.get(request.path_params["token"])
        entry = JournalEntry(method, request.method, params, bot.user if bot else None)
        self.journal.append(entry)
        fault = self._strike(entry, bot)
        if fault is not None and (not fault.after_effect or fault.kind in BEFORE_ONLY):
            spoilt = await self._spoil(request, entry, fault)
            if spoilt is not None:
                return spoilt
        answer = await self._answer(entry, request.path_params["token"], fault)
        if fault is not None and fault.after_effect:
            return await self._spoil(request, entry, fault) or answer
        return answer

    async def _answer(self, entry: JournalEntry, token: str, fault: Fault | None) -> Response:
        try:
            result = await self._dispatch(entry, token, fault)
        except Refused as refused:
            entry.answer = refused.description
            return refusal(refused.code, refused.description, refused.parameters)
        entry.answer = "ok"
        return JSONResponse({"ok": True, "result": result})

    async def _dispatch(self, entry: JournalEntry, token: str, fault: Fault | None) -> Any:
        bot = self.world.bots.get(token)
        if bot is None and not TOKEN_FORM.fullmatch(token):
            raise Refused("Not Found", 404)
        if bot is None or bot.revoked:
            raise Refused("Unauthorized", 401)
        if entry.method not in METHODS:
            raise Refused("Not Found: method not found", 404)
        call = Call(entry.method, entry.params, bot, self.world, self.pending, fault)
        try:
            result = METHODS[entry.method](call)
            return await result if inspect.isawaitable(result) else result
        finally:
            entry.effect = call.effect
            self.after_call.get(entry.method, _nothing_else)()

    def _strike(self, entry: JournalEntry, bot: Bot | None) -> Fault | None:
        struck = [fault for fault in self.faults if fault.strikes(entry.method, entry.params)]
        if not struck:
            return self.limits.refuse(entry.method, entry.params)
        if struck[0].kind is FaultKind.TOKEN_REVOKED and bot is not None:
            bot.revoked = True
            return None
        return struck[0]

    async def _spoil(self, request: Request, entry: JournalEntry, fault: Fault) -> Response | None:
        """Give the spoilt answer, or None where the fault lies elsewhere (in the effect)."""
        if fault.kind in _SILENT:
            entry.answer = fault.kind.value
            await fall_silent(request, self.transports, drop=fault.kind is FaultKind.DROP)
        spoilt = spoilt_answer(fault)
        if spoilt is not None:
            entry.answer = fault.kind.value
        return spoilt

    async def _state(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        self.pending.settle()
        return JSONResponse(snapshot(self.world))

    async def _journal(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's form
        return JSONResponse([asdict(entry) for entry in self.journal])

    async def _faults(self, request: Request) -> Response:
        return await take_faults(request, self.faults, fault_from)


def create_sandbox(
    world: World | None = None,
    *,
    faults: Iterable[Fault] = (),
    limits: Limits | None = None,
    after_call: Mapping[str, Callable[[], None]] | None = None,
) -> Sandbox:
    """Make a sandbox round a world; the base one has a bot, an owner and no chat."""
    return Sandbox(world or base_world(), list(faults), limits or Limits(), after_call or {})


def _nothing_else() -> None:
    """Nobody else acts."""


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's form
    return refusal(404, "Not Found")
