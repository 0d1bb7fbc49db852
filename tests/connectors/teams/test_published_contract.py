"""Every request the connector makes is one that Graph's published contract allows."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connectors.chat.teams.routes import BATCH, GRAPH, ROUTES, GraphRoute
from connectors.chat.teams.sandbox import JournalEntry
from connectors.contract import Capabilities, Promotion
from connectors.errors import ConnectorError
from connectors.wire import Access
from policies.model import Account, Person
from tests.connectors.teams.stage import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    INSTANCE,
    M365,
    OWNED,
    PRIVATE,
    SECURITY,
    SHARED,
    TEAM,
    group,
    staged,
    step,
    tenant,
)

_SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
_REFERENCE = _SPECS / "graph" / "graph_v1_subset.derived.openapi.json"
# Documented by Microsoft, and left out of the subset used here.
_NOT_IN_REFERENCE = {"/organization"}

pytestmark = pytest.mark.skipif(
    not _REFERENCE.is_file(),
    reason=f"Graph's contract is not at {_REFERENCE}; set BAWAB_SPECS to the folder that holds it",
)


def reference() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return whole


def form(template: str) -> str:
    """Give a path template without the names of its segments, which differ from document to document."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = reference()["paths"]
    return {
        (method.upper(), form(template)): operation
        for template, row in paths.items()
        for method, operation in row.items()
    }


def resolved(schema: Any, components: dict[str, Any]) -> Any:
    """Give a schema for jsonschema: references into the document's own components."""
    return {**schema, "components": components} if isinstance(schema, dict) else schema


async def journal() -> tuple[list[JournalEntry], Capabilities]:
    """Make every kind of request the connector can make, and give what arrived."""
    world = tenant()
    world.groups[TEAM].members += ["u-dora"]
    async with staged(world) as stage:
        teams = stage.teams
        await teams.check()
        ana, badr = Account(INSTANCE, ANA), Account(INSTANCE, BADR)
        for person in (
            Person("E1", "Carla", email="carla.o'neill@example.com"),
            Person("E2", "Ana", account_ids=((INSTANCE, ANA),)),
        ):
            [account async for account in teams.accounts(person)]
        [account async for account in teams.accounts()]
        await stage.found()
        for listed in (M365, "g-outer", PRIVATE, CHAT):
            [item async for item in teams.members(group(listed))]
        await teams.promote(Promotion("h", badr, group(OWNED), ANA))
        await teams.promote(Promotion("h", ana, group(PRIVATE), BADR))
        await teams.promote(Promotion("h", Account(INSTANCE, CARLA), group(SHARED), BADR))
        await stage.revoke(*map(step, (M365, TEAM, SECURITY, PRIVATE, SHARED, CHAT)))
        await stage.revoke(step(TEAM, CARLA), step(TEAM, "u-dora"))
        await stage.one(SECURITY)
        await stage.look(*map(step, (M365, PRIVATE, CHAT)))
        await teams.sessions_open("s", ana)
        await teams.end_sessions("s", ana)
        await teams.deactivate("s", ana)
        await teams.account_active("s", ana)
        expires = datetime.now(UTC) + timedelta(days=1)
        with pytest.raises(ConnectorError):  # nobody listens there
            await teams.subscribe("/groups", "http://127.0.0.1:9/", "word", expires)
        await teams.renew("s-none", expires)
        await teams.unsubscribe("s-none")
        return stage.sandbox.journal, teams.capabilities


def graph_only(entries: list[JournalEntry]) -> list[JournalEntry]:
    return [entry for entry in entries if "oauth2" not in entry.path]


async def test_the_journal_covers_the_allow_list() -> None:
    entries, _ = await journal()
    made = {(entry.method, form(entry.template)) for entry in graph_only(entries)}
    allowed = {
        (method, form(route.path)) for route in ROUTES if route.base == GRAPH for method in route.methods
    }
    # The tenant is asked for its id only where the token does not say it.
    assert allowed - made == {("GET", "/organization")}
    assert made <= allowed


async def test_every_request_is_published_with_every_option_it_carries() -> None:
    published = operations()
    entries, _ = await journal()
    checked = 0
    for entry in graph_only(entries):
        if entry.template in _NOT_IN_REFERENCE:
            continue
        operation = published[entry.method, form(entry.template)]
        known = {row["name"] for row in operation.get("parameters", ()) if row.get("in") == "query"}
        unknown = set(entry.query) - known - {"$skiptoken"}
        assert not unknown, f"{entry.name}: not published: {unknown}"
        checked += 1
    assert checked > 60


async def test_every_body_is_one_the_published_schema_takes() -> None:
    published = operations()
    components = reference()["components"]
    entries, _ = await journal()
    checked = 0
    for entry in graph_only(entries):
        content = published.get((entry.method, form(entry.template)), {}).get("requestBody", {})
        schema = content.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or entry.template == "/$batch":
            assert entry.template == "/$batch" or not entry.body, f"{entry.name}: a body nobody asks for"
            continue
        Draft202012Validator(resolved(schema, components)).validate(entry.body)
        checked += 1
    assert checked >= 8


async def test_no_batch_is_larger_than_published() -> None:
    entries, _ = await journal()
    sizes = [sum(1 for entry in entries if entry.part_of == position) for position in range(len(entries))]
    assert 1 < max(sizes) <= 20


def test_reads_are_gets_and_all_else_writes() -> None:
    for route in ROUTES:
        if route.base == GRAPH and route.name != BATCH:
            assert (route.access is Access.READ) == (route.methods == {"GET"}), route.name


def test_every_route_is_published_and_its_permissions_are_the_published_ones() -> None:
    published = operations()
    for route in ROUTES:
        if not isinstance(route, GraphRoute) or route.path in _NOT_IN_REFERENCE:
            continue
        (method,) = route.methods
        operation = published[method, form(route.path)]
        said = " ".join(operation.get("x-application-permissions", ()))
        wanted = set(re.findall(r"[A-Z][\w-]+\.[\w.]+", said))
        assert not wanted or wanted & set(route.permissions), f"{route.name}: {wanted}"


def test_what_the_manifest_asks_for_opens_every_route() -> None:
    from connectors.chat.teams import TeamsConfig, TeamsConnector

    asked = {scope.name for scope in TeamsConnector(TeamsConfig("x", "t", "c", "s")).capabilities.scopes}
    for route in ROUTES:
        if isinstance(route, GraphRoute) and route.permissions and route.path not in _NOT_IN_REFERENCE:
            assert asked & set(route.permissions), route.name


def test_what_microsoft_marks_as_dangerous_is_not_on_the_allow_list() -> None:
    marked = [key for key, operation in operations().items() if "DANGER" in operation.get("description", "")]
    assert marked
    ours = {(method, form(route.path)) for route in ROUTES for method in route.methods}
    assert not set(marked) & ours
