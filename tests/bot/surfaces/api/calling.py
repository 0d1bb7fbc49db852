"""The API over real HTTP on loopback, for a small company with staff of every role and a token for each."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from bot.access.actors import actor_of
from bot.access.tokens import make_token
from bot.app import Bawab
from bot.settings import ManualInstance
from bot.store.access_tables import StaffRow
from bot.store.query import add, new_id
from bot.surfaces.api.app import mounted
from connectors.chat.slack.sandbox import Channel, User
from policies.roles import RIGHTS, Permission, Role
from tests.bot.world import POLICY, World, channel, company, people
from tests.postgres import on_sqlite, take_rows_over

ROLES = {
    "noura": ["hr"],
    "huda": ["hr"],
    "ibrahim": ["it"],
    "audra": ["auditor"],
    "glass": ["break_glass"],
    "both": ["hr", "it"],
}
"""Employee id → roles; `owner` owns a group and has no role of their own."""
STAFF = ("ana", "owner", "omar", *ROLES)
HEADER = "employee_id,name,email,department,status,last_day,time_zone,exit_type"
PRESENT = [f"{one},{one.title()} Test,{one}@corp.test,Sales,active,,," for one in STAFF]
REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-sales, name: sales, owner: owner, deputy: ibrahim}
  - {instance: phones, group: drivers, name: Drivers, platform: whatsapp, owner: owner, members: [ana, omar]}
"""


class _Server(uvicorn.Server):
    """Leaves the process's signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


DOCUMENT = Path(__file__).parents[4] / "docs" / "openapi.json"
POLICY_WITH_APPROVAL = POLICY.replace("    notify: owner\n", "    notify: owner\n    approve: hr\n")
_SETTLED: dict[str, Path] = {}
PHONES = {"phones": ManualInstance(platform="whatsapp")}


@dataclass(slots=True)
class Client:
    """One token's view of the API."""

    http: httpx.AsyncClient
    token: str = field(repr=False)

    async def __call__(
        self, method: str, path: str, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Send one request; unsafe ones get a key of their own unless one is given."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if method == "POST":
            headers["Idempotency-Key"] = key or new_id("key")
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **query: Any) -> Any:
        """Read something that is there."""
        answer = await self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass(slots=True)
class Office:
    """A company, its API, and whoever may call it."""

    world: World
    http: httpx.AsyncClient
    url: str

    @property
    def app(self) -> Bawab:
        return self.world.app

    async def as_(self, person: str, scopes: Collection[Permission] | None = None) -> Client:
        """Give the client of a new token of somebody; without scopes it has every right there is."""
        async with self.app.store.read() as tx:
            who = await actor_of(self.app, tx, person, "cli")
        assert who is not None, f"{person} has no access"
        wanted = set(Permission) if scopes is None else scopes
        made = await make_token(self.app, who, title="test", scopes=wanted, lasts=timedelta(days=30))
        return Client(self.http, made.text)

    async def leaves(self, who: str, exit_type: str = "") -> str:
        """HR says that somebody has left, and it is carried out; gives the case's id."""
        row = f"{who},{who.title()} Test,{who}@corp.test,Sales,terminated,2026-11-19,,{exit_type}"
        rest = [line for line in PRESENT if not line.startswith(f"{who},")]
        self.world.drop(row, *rest, header=HEADER)
        await self.world.run()
        await self.world.release_all()
        await self.world.run()
        return next(case.id for case in await self.world.cases() if case.person_id == who)

    async def entries(self, action: str) -> list[Any]:
        """The log's entries of one action."""
        return [row for row in await self.world.log() if row["action"] == action]


@asynccontextmanager
async def office(folder: Path, *, policy: str = POLICY) -> AsyncIterator[Office]:
    """Open a company whose first run is released, with its API listening on loopback."""
    shutil.copytree(await settled(policy), folder, dirs_exist_ok=True)
    take_rows_over(_SETTLED[policy] / "data" / "bawab.db")
    async with (
        opened(folder, policy) as world,
        served(world.app) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as http,
    ):
        yield Office(world, http, url)


async def settled(policy: str) -> Path:
    """Give the folder of such a company; made once for all tests, each works in a copy of its own."""
    if policy not in _SETTLED:
        folder = Path(tempfile.mkdtemp(prefix="bawab-api-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with on_sqlite():
            await _make(folder, policy)
        _SETTLED[policy] = folder
    return _SETTLED[policy]


async def _make(folder: Path, policy: str) -> None:
    async with opened(folder, policy) as world:
        world.drop(*PRESENT, header=HEADER, name="first.csv")
        await world.settle_in()
        await seat(world.app)


@asynccontextmanager
async def opened(folder: Path, policy: str) -> AsyncIterator[World]:
    things: list[User | Channel] = [*people(*STAFF)]
    things += [channel("sales", "ana", "omar", "owner"), channel("general", *STAFF)]
    async with company(folder, *things, policy=policy, registry=REGISTRY, manual=PHONES) as world:
        yield world


async def seat(app: Bawab) -> None:
    """Give people their roles, as the identity provider would."""
    now = app.now()
    rows = [
        StaffRow(id=who, name=who.title(), roles=roles, source="oidc", created_at=now, updated_at=now)
        for who, roles in ROLES.items()
    ]
    async with app.store.write() as tx:
        await add(tx, *rows)


@asynccontextmanager
async def served(app: Bawab) -> AsyncIterator[str]:
    """Serve the API as the listener does, at /api/v1 on a free port."""
    asgi = Starlette(routes=[mounted(app)])
    server = _Server(uvicorn.Config(asgi, log_config=None, lifespan="off", log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        task = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        finally:
            server.should_exit = True
            await task


def rights_of(role: str) -> frozenset[Permission]:
    """What a role may do."""
    return RIGHTS[Role(role)]
