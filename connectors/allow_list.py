"""The allow-list made ready to be asked often: which route a request is on, without trying each in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yarl import URL

from connectors.routes import Route, find


@dataclass(frozen=True, slots=True)
class _Base:
    """One configured base, taken apart; a host `*.slack.com` stands for every host below it."""

    name: str
    scheme: str
    host: str
    port: int | None
    path: str

    def holds(self, url: URL) -> bool:
        """Whether an address is on this base: the same origin or, where the base says so, a host below it."""
        if url.scheme != self.scheme or url.port != self.port or not url.raw_path.startswith(self.path):
            return False
        host = url.host or ""
        return host.endswith(self.host[1:]) if self.host.startswith("*.") else host == self.host


class AllowList:
    """Gives the first route a request is on, exactly as trying them in their order would."""

    def __init__(self, bases: Mapping[str, str], routes: Sequence[Route]) -> None:
        addresses = {name: URL(base) for name, base in bases.items()}
        self._bases = tuple(
            _Base(name, url.scheme, url.host or "", url.port, url.raw_path) for name, url in addresses.items()
        )
        self._plain: dict[tuple[str, str, str], Route] = {}
        self._by_shape: dict[tuple[str, str, int], list[Route]] = {}
        for route in routes:
            for method in route.methods:
                shape = (method, route.base, route.path.count("/"))
                self._by_shape.setdefault(shape, []).append(route)
                if "{" not in route.path and find(routes, method, route.base, route.path) is route:
                    self._plain[method, route.base, route.path] = route

    def route_of(self, method: str, base: str, path: str) -> Route | None:
        """Give the first route that matches; None where the request is not on the list."""
        plain = self._plain.get((method, base, path))
        if plain is not None:
            return plain
        return find(self._by_shape.get((method, base, path.count("/")), ()), method, base, path)

    def find(self, method: str, url: URL) -> tuple[Route, str] | None:
        """Give the route of a request and its path below the base; None where it is not on the list."""
        for base in self._bases:
            if not base.holds(url):
                continue
            # The raw path: a percent-encoded slash must stay one segment.
            path = url.raw_path[len(base.path) :]
            route = self.route_of(method, base.name, path)
            if route is not None:
                return route, path
        return None
