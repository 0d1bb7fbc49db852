"""Takes one request, alone or out of a batch, to its operation: door, fault, limit, handler, answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.chat.teams.sandbox import (
    channels,
    chats,
    delta,
    errors,
    groups,
    odata,
    subscriptions,
    teams,
    users,
)
from connectors.chat.teams.sandbox.call import Answer, Call
from connectors.chat.teams.sandbox.changes import World
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.faults import WHOLE, Fault, FaultKind
from connectors.chat.teams.sandbox.journal import JournalEntry
from connectors.chat.teams.sandbox.limits import Limiter
from connectors.chat.teams.sandbox.operations import Operation, Router
from connectors.chat.teams.sandbox.spoilt import refusal, too_many
from connectors.chat.teams.sandbox.tokens import Caller, Tokens
from connectors.sandboxing import Pending

OPERATIONS = (
    *users.OPERATIONS,
    *groups.OPERATIONS,
    *teams.OPERATIONS,
    *channels.OPERATIONS,
    *chats.OPERATIONS,
    *delta.OPERATIONS,
    *subscriptions.OPERATIONS,
)


@dataclass(slots=True)
class Ask:
    """One request on its way: what it asks, its line in the journal, and the fault that struck it."""

    entry: JournalEntry
    bearer: str
    base: str
    request_id: str
    client_request_id: str = ""
    operation: Operation | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(slots=True)
class Engine:
    """Everything a request meets."""

    world: World
    tokens: Tokens
    limiter: Limiter
    pending: Pending
    faults: list[Fault]
    page_cap: int
    at_once: bool = True
    """Whether a withdrawn consent counts for tokens already given."""
    after_call: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    router: Router = field(default_factory=lambda: Router(OPERATIONS))

    def route(self, ask: Ask) -> None:
        """Find the operation, write it into the journal's line, and see whether a fault strikes."""
        found = self.router.find(ask.entry.method, odata.segments(ask.entry.path))
        if found is None:
            return
        ask.operation, ask.values = found
        ask.entry.template, ask.entry.write = ask.operation.template, ask.operation.writes
        self.strike(ask)

    def strike(self, ask: Ask) -> None:
        """See whether a fault strikes; those of tokens have their effect at once."""
        body = json.dumps(ask.entry.body) if ask.entry.body is not None else ""
        part = ask.entry.part_of is not None
        struck = [one for one in self.faults if one.strikes(ask.entry.name, ask.values, body, part=part)]
        ask.fault = struck[0] if struck else None

    async def answer(self, ask: Ask) -> Answer:
        """Give the answer, refusals in Graph's form."""
        try:
            self._fault_tokens(ask.fault)
            answer = await self._dispatch(ask)
        except GraphError as error:
            return self.refused(ask, error)
        ask.entry.status, ask.entry.answer = answer.status, "ok"
        return answer

    def outer_refusal(self, ask: Ask) -> Answer | None:
        """Give what a whole batch is refused with; None where its parts are answered."""
        try:
            self._fault_tokens(ask.fault)
            self.caller(ask)
            refused = refusal(ask.fault, _CARRIER) if ask.fault else None
        except GraphError as error:
            refused = error
        return self.refused(ask, refused) if refused else None

    def caller(self, ask: Ask) -> Caller:
        """Check the token; raises GraphError 401."""
        caller = self.tokens.check(ask.bearer, self.world.tenant)
        ask.entry.by = caller.app_id
        if not self.at_once:
            return caller
        granted = self.world.tenant.apps[caller.app_id].granted
        roles = tuple(role for role in caller.roles if role in granted)
        return Caller(caller.app_id, caller.object_id, caller.tenant_id, roles)

    def refused(self, ask: Ask, error: GraphError) -> Answer:
        """Write a refusal into the journal and into Graph's form."""
        ask.entry.status, ask.entry.answer = error.status, error.code
        body = errors.body_of(error, ask.request_id, ask.client_request_id)
        return Answer(error.status, body, dict(error.headers))

    def _fault_tokens(self, fault: Fault | None) -> None:
        if fault is None or fault.kind not in {FaultKind.TOKEN_REVOKED, FaultKind.TOKEN_EXPIRED}:
            return
        self.tokens.revoke_all()
        if fault.kind is FaultKind.TOKEN_REVOKED:
            self.world.tenant.app().secrets.clear()

    async def _dispatch(self, ask: Ask) -> Answer:
        caller = self.caller(ask)
        operation = ask.operation
        if operation is None:
            raise errors.no_segment(ask.entry.path)
        if operation.any_of and not set(operation.any_of) & set(caller.roles):
            raise errors.missing_roles(operation.any_of, caller.roles) if operation.teams else errors.denied()
        charged = self.limiter.charge(operation, ask.values, ask.entry.query)
        if charged.wait is not None:
            raise too_many(charged.wait, charged.headers)
        refused = refusal(ask.fault, operation) if ask.fault else None
        if refused is not None and ask.fault is not None and not ask.fault.after_effect:
            raise refused
        answer = await self._handle(ask, operation, caller)
        if refused is not None:
            raise refused
        return Answer(answer.status, answer.body, {**charged.headers, **answer.headers})

    async def _handle(self, ask: Ask, operation: Operation, caller: Caller) -> Answer:
        entry = ask.entry
        call = Call(
            entry.method,
            entry.path,
            ask.values,
            entry.query,
            entry.body,
            caller,
            self.world,
            self.pending,
            ask.base,
            self.page_cap,
            ask.fault,
        )
        try:
            answer = operation.handle(call)
            return answer if isinstance(answer, Answer) else await answer
        finally:
            entry.effect = call.effect
            self.after_call.get(entry.name, _nothing_else)()


def whole_fault(asks: list[Ask], *, after: bool) -> Fault | None:
    """Give the fault that spoils the one HTTP answer, before or after the effect."""
    faults = (ask.fault for ask in asks if ask.fault is not None and ask.fault.kind in WHOLE)
    return next((fault for fault in faults if fault.after_effect == after), None)


def as_row(body: bytes) -> Any:
    """Read a JSON body; None where there is none, GraphError 400 where it is broken."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None


def _nothing_else() -> None:
    """Nobody else acts."""


_CARRIER = Operation("POST", "/$batch", lambda _: Answer(200))
