"""A small tenant on a running sandbox, asked by Microsoft's own SDK and by plain HTTP."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.chat.teams.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT_ID,
    Channel,
    Chat,
    EntraGroup,
    Limits,
    Sandbox,
    ServicePrincipal,
    Team,
    Tenant,
    User,
    base_tenant,
    create_sandbox,
    distribution_list,
    m365_group,
    running_sandbox,
)

with warnings.catch_warnings():
    # The SDK warns of its own classes while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient


def object_id(number: int) -> str:
    return f"7a7a7a7a-0000-4000-8000-{number:012d}"


ANA, BADR, CARLA, APP = (object_id(number) for number in range(1, 5))
SALES, TEAM, SECURITY, OUTER, LIST = (object_id(number) for number in range(11, 16))
PRIVATE, SHARED, CHAT = "19:private@thread.tacv2", "19:shared@thread.tacv2", "19:abc@thread.v2"
SCOPE = "https://graph.microsoft.com/.default"


def small_tenant() -> Tenant:
    """Three people; a group, a team with channels, a nested group, a list and a chat."""
    return base_tenant().add(
        User(ANA, "Ana", "ana@example.com", employee_id="E7", other_mails=["ana@home.example"]),
        User(BADR, "بدر", "badr@example.com"),
        User(CARLA, "Carla", "carla@example.com"),
        ServicePrincipal(APP, object_id(99), "robot"),
        m365_group(SALES, "Sales", [ANA, BADR], [BADR, APP]),
        m365_group(TEAM, "Team", [ANA, BADR], [ANA, BADR]),
        EntraGroup(SECURITY, "Security", [ANA]),
        EntraGroup(OUTER, "Outer", [SECURITY]),
        distribution_list(LIST, "List", [ANA], []),
        Team(TEAM),
        Channel(PRIVATE, TEAM, "Private", "private", {BADR: "owner", ANA: ""}),
        Channel(SHARED, TEAM, "Shared", "shared", {BADR: "owner", CARLA: ""}),
        Chat(CHAT, "Chat", "group", {ANA: "owner", BADR: "owner"}),
    )


@dataclass(slots=True)
class Stage:
    """A running sandbox, plain HTTP with a token, and the SDK's client."""

    sandbox: Sandbox
    url: str
    http: httpx.AsyncClient
    graph: GraphServiceClient

    async def ask(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        return await self.http.request(method, f"{self.url}/v1.0{path}", json=json, headers=headers)

    async def batch(self, *requests: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Send a batch; give the parts' answers by their ids."""
        answer = await self.ask("POST", "/$batch", {"requests": list(requests)})
        assert answer.status_code == 200, answer.text
        return {part["id"]: part for part in answer.json()["responses"]}


def client(**headers: str) -> httpx.AsyncClient:
    """Give a client that loads no certificates: loopback needs none, and loading them takes longest."""
    return httpx.AsyncClient(headers=headers, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


async def sign_in(url: str, tenant: str = TENANT_ID, **changed: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": SCOPE,
        **changed,
    }
    async with client() as http:
        return await http.post(f"{url}/{tenant}/oauth2/v2.0/token", data=form)


@asynccontextmanager
async def staged(
    tenant: Tenant | None = None, *, page_cap: int = 1000, limits: Limits | None = None
) -> AsyncIterator[Stage]:
    sandbox = create_sandbox(tenant or small_tenant(), page_cap=page_cap, limits=limits)
    async with running_sandbox(sandbox) as url:
        token = (await sign_in(url)).json()["access_token"]
        async with client(Authorization=f"Bearer {token}") as http:
            # Its own client would send again what is refused for load, and never be closed.
            adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client=http)
            adapter.base_url = f"{url}/v1.0"
            yield Stage(sandbox, url, http, GraphServiceClient(request_adapter=adapter))
