"""One request as a handler sees it: who asks, for what, and how its effect is brought about."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.chat.teams.sandbox import errors, odata
from connectors.chat.teams.sandbox.changes import World
from connectors.chat.teams.sandbox.faults import Fault, FaultKind
from connectors.chat.teams.sandbox.state import EntraGroup, Tenant, User
from connectors.chat.teams.sandbox.tokens import Caller
from connectors.sandboxing import Pending


@dataclass(slots=True)
class Answer:
    """What a handler answers; no body where Graph sends none."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


NO_CONTENT = 204


@dataclass(slots=True)
class Call:
    """A request that passed the door."""

    method: str
    path: str
    """As it came, without the version."""
    values: Mapping[str, str]
    """The path's value for each `{segment}`, decoded."""
    query: Mapping[str, str]
    body: Any
    caller: Caller
    world: World
    pending: Pending
    base: str
    """Address and version, for links."""
    page_cap: int
    fault: Fault | None = None
    effect: str = "none"
    """What the journal says: `none`, `done`, `kept`, `delayed`."""

    @property
    def tenant(self) -> Tenant:
        """The tenant as it is."""
        return self.world.tenant

    def user(self, name: str = "user") -> User:
        """Give the user the path names by id or user principal name."""
        key = self.values[name]
        user = self.tenant.user_named(key)
        if user is None:
            raise errors.no_such(key)
        return user

    def group(self, name: str = "group") -> EntraGroup:
        """Give the group the path names."""
        group = self.tenant.groups.get(self.values[name])
        if group is None:
            raise errors.no_such(self.values[name])
        return group

    def has_role(self, *any_of: str) -> bool:
        """Whether the app holds one of the permissions."""
        return bool(set(any_of) & set(self.caller.roles))

    def data(self) -> dict[str, Any]:
        """Give the JSON body."""
        if not isinstance(self.body, dict):
            raise errors.GraphError(400, "BadRequest", "Empty Payload. JSON content expected.")
        return self.body

    def bring_about(self, effect: Callable[[], object]) -> None:
        """Have the effect now, later, or not at all where a fault says so."""
        kind = self.fault.kind if self.fault else None
        if kind is FaultKind.OK_BUT_KEPT:
            self.effect = "kept"
        elif kind is FaultKind.DELAYED_EFFECT and self.fault is not None:
            self.pending.due.append((time.monotonic() + self.fault.seconds, effect))
            self.effect = "delayed"
        else:
            effect()
            self.effect = "done"

    def page(self, rows: list[odata.Row], *, default: int = 100, most: int = 999) -> Answer:
        """Filter, cut one page out, and link to the next."""
        if "$filter" in self.query:
            test = odata.matching(self.query["$filter"])
            rows = [row for row in rows if test(row)]
        size = min(odata.top(self.query, default, max(default, most)), self.page_cap)
        start = odata.offset_of(self.query, self.path)
        kind = self.fault.kind if self.fault else None
        begin = start + size if kind is FaultKind.PAGE_MISSING else start
        end = begin + size
        body: dict[str, Any] = {"@odata.context": f"{self.base}/$metadata#{self.path.strip('/')}"}
        if self.query.get("$count") == "true":
            body["@odata.count"] = len(rows)
        if end < len(rows) or kind is FaultKind.PAGE_LOOP:
            at = start if kind is FaultKind.PAGE_LOOP else end
            body["@odata.nextLink"] = odata.next_link(self.base, self.path, self.query, at)
        body["value"] = [odata.selected(row, self.query) for row in rows[begin:end]]
        return Answer(200, body)
