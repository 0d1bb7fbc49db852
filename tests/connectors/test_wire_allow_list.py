"""The allow-list made ready says the same as trying every route in turn, for every address."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from connectors.allow_list import AllowList
from connectors.chat.slack.routes import ROUTES as SLACK
from connectors.chat.teams.routes import ROUTES as TEAMS
from connectors.chat.telegram.routes import ROUTES as TELEGRAM
from connectors.routes import Access, Route, find


def route(name: str, path: str, methods: Sequence[str] = ("GET",), base: str = "api") -> Route:
    return Route(name, frozenset(methods), base, path, Access.READ, "fast")


MIXED = (
    route("one", "/a/{x}"),
    route("hidden", "/a/b"),
    route("two", "/a/{x}/c", ["GET", "POST"]),
    route("plain", "/c", ["POST"]),
    route("again", "/c", ["POST", "GET"]),
    route("bare", ""),
    route("elsewhere", "/a/{x}", base="other"),
)
segments = st.sampled_from(["", "a", "b", "c", "x%2Fy", "{x}"])
paths = st.lists(segments, max_size=4).map("/".join)


@given(st.sampled_from(["GET", "POST", "PUT"]), st.sampled_from(["api", "other", "no"]), paths)
def test_the_first_route_that_matches_is_found(method: str, base: str, path: str) -> None:
    allowed = AllowList({"api": "https://a.example/"}, MIXED)
    assert allowed.route_of(method, base, path) is find(MIXED, method, base, path)


@pytest.mark.parametrize("routes", [SLACK, TEAMS, TELEGRAM])
def test_every_route_of_the_platforms_is_found_as_before(routes: Sequence[Route]) -> None:
    allowed = AllowList({}, routes)
    for one in routes:
        path = one.path.replace("{", "a").replace("}", "b")
        for method in one.methods:
            assert allowed.route_of(method, one.base, path) is find(routes, method, one.base, path)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://a.example/v1/a/7", True),
        ("https://user@a.example/v1/a/7?q=1", True),
        ("http://a.example/v1/a/7", False),
        ("https://a.example:444/v1/a/7", False),
        ("https://b.a.example/v1/a/7", False),
        ("https://a.example.evil/v1/a/7", False),
        ("https://a.example/v2/a/7", False),
        ("https://x.slack.test/a/7", True),
        ("https://slack.test/a/7", False),
        ("https://evilslack.test/a/7", False),
    ],
)
def test_only_addresses_on_a_base_are_looked_up(address: str, *, found: bool) -> None:
    bases = {"api": "https://a.example/v1", "other": "https://*.slack.test"}
    other = route("other", "a/{x}", base="other")
    allowed = AllowList(bases, (*MIXED, other))
    assert (allowed.find("GET", URL(address)) is not None) is found
