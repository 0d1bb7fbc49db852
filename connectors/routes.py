"""What may leave a connector, as data: methods, path templates, read or write, and what paces them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What a request does; a dry run lets only reads out."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside another (Graph's `$batch`): judged by the allow-list like any other."""

    method: str
    path: str
    """Relative to the base of the request that carries it, with its leading slash, without a query."""
    body: bytes = b""


class Unreadable(ValueError):
    """A batch whose parts cannot be told: it does not leave."""


Unpack = Callable[[bytes], Sequence[Part]]
"""body → parts; raises Unreadable."""
Judge = Callable[[bytes], str]
"""body → why it may not leave; empty where it may."""


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that may leave: HTTP methods, base, path template (`{id}` is one segment), read or write."""

    name: str
    methods: frozenset[str]
    base: str
    """Which configured base URL the path hangs on."""
    path: str
    access: Access
    limit: str
    """The manifest's rate limit it is paced by."""
    per: tuple[tuple[str, str], ...] = ()
    """(path segment without braces, limit): paced by this limit too, for each value apart (4/s per team)."""
    unpack: Unpack | None = None
    """Takes the requests inside apart; each must be on the list, and together they decide read or write."""
    judge: Judge | None = None
    """Looks into the body, where the address alone does not say how much would be changed."""
    upgrade: bool = False
    """Opens a websocket: only the way there is judged; what passes over it later is the connector's own."""
    shared: str = ""
    """A limit that this route shares with every other that names it (a bot's calls of all kinds together)."""

    def matches(self, method: str, base: str, path: str) -> bool:
        """Whether a request is this route; segments are compared one by one, so `/` never hides in an id."""
        if method not in self.methods or base != self.base:
            return False
        ours, theirs = self.path.split("/"), path.split("/")
        return len(ours) == len(theirs) and all(
            (mine.startswith("{") and bool(other)) or mine == other
            for mine, other in zip(ours, theirs, strict=True)
        )

    def values(self, path: str) -> Mapping[str, str]:
        """Give the path's value for each `{segment}`; the path is one that matches."""
        pairs = zip(self.path.split("/"), path.split("/"), strict=True)
        return {mine[1:-1]: other for mine, other in pairs if mine.startswith("{")}

    def objection(self, body: bytes) -> str:
        """Say why a request with this body may not leave; empty where it may."""
        return self.judge(body) if self.judge is not None else ""

    def paces(self, path: str) -> tuple[tuple[str, str], ...]:
        """Give every (pacing key, limit) a request on `path` waits for."""
        values = self.values(path) if self.per else {}
        own = () if self.unpack is not None else ((self.name, self.limit),)
        shared = ((self.shared, self.shared),) if self.shared else ()
        return (*own, *shared, *((f"{limit}:{values[segment]}", limit) for segment, limit in self.per))


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may leave: its route, whether anything in it writes, and all it is paced by."""

    route: Route
    access: Access
    paces: tuple[tuple[str, str], ...]


def find(routes: Sequence[Route], method: str, base: str, path: str) -> Route | None:
    """Find the first route a request is on."""
    return next((route for route in routes if route.matches(method, base, path)), None)


def admit_parts(routes: Sequence[Route], carrier: Route, body: bytes) -> Admitted | Part:
    """Judge every part of a batch; gives the part that may not leave, if there is one.

    A batch inside a batch is never allowed. Raises Unreadable, for a body that may not leave too.
    """
    paces: list[tuple[str, str]] = []
    access = Access.READ
    for part in carrier.unpack(body) if carrier.unpack else ():
        route = find(routes, part.method, carrier.base, part.path)
        if route is None or route.unpack is not None:
            return part
        if why := route.objection(part.body):
            raise Unreadable(f"{route.name} inside it: {why}")
        paces += route.paces(part.path)
        access = Access.WRITE if route.access is Access.WRITE else access
    return Admitted(carrier, access, tuple(paces))
