"""The console on loopback over a world's app, and clients that are signed in to it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html import unescape

import httpx
import uvicorn
from fastapi import FastAPI

from bot.access.actor import Actor
from bot.access.actors import actor_of
from bot.access.sessions import begin
from bot.app import Bawab
from bot.store.access_tables import StaffRow
from bot.store.people import person
from bot.store.query import add, columns, one
from bot.surfaces.web.console import console
from bot.surfaces.web.signing_in import cookie_name
from policies.roles import Role
from tests.bot.world import World

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Server(uvicorn.Server):
    """Leaves the process's signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Site:
    """A console that is served; every client of it is closed with it."""

    app: Bawab
    url: str
    console: FastAPI
    """The application itself, for a test that adds a page of its own."""
    _stack: AsyncExitStack = field(repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    """Session cookie → the token of its forms: it stays what it is, and need not be read for each form."""

    async def staff(self, staff_id: str, *roles: Role, name: str | None = None) -> None:
        """Make somebody who may sign in, unless they exist; HR knows them if it does."""
        now = self.app.now()
        row = StaffRow(
            id=staff_id,
            name=name or staff_id,
            roles=[str(role) for role in roles],
            source="file",
            created_at=now,
            updated_at=now,
        )
        async with self.app.store.write() as tx:
            row.known_to_hr = await person(tx, staff_id) is not None
            if await one(tx, StaffRow, columns(StaffRow).id == staff_id) is None:
                await add(tx, row)

    async def actor(self, staff_id: str) -> Actor:
        """Give somebody as the views take them."""
        async with self.app.store.read() as tx:
            found = await actor_of(self.app, tx, staff_id, "web")
        assert found is not None, f"nothing of {staff_id} works"
        return found

    async def token(self, staff_id: str, *, language: str | None = None) -> str:
        """Sign somebody in; gives the session cookie's value."""
        return await begin(self.app, staff_id, language)

    async def client(
        self,
        staff_id: str,
        *roles: Role,
        name: str | None = None,
        language: str | None = None,
    ) -> httpx.AsyncClient:
        """Give a client signed in as this person, who gets these roles if they are new; follows redirects."""
        await self.staff(staff_id, *roles, name=name)
        return await self.stranger({cookie_name(self.app): await self.token(staff_id, language=language)})

    async def stranger(self, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
        """Give a client that is not signed in."""
        made = httpx.AsyncClient(base_url=self.url, cookies=cookies, follow_redirects=True, timeout=60)
        return await self._stack.enter_async_context(made)

    async def csrf(self, client: httpx.AsyncClient) -> str:
        """Give the token of the client's session, as the page's own forms carry it."""
        session = client.cookies.get(cookie_name(self.app)) or ""
        if session not in self._tokens:
            found = _TOKEN.search((await client.get("/account")).text)
            assert found is not None, "no form of the page carries a token"
            self._tokens[session] = unescape(found[1])
        return self._tokens[session]

    async def post(
        self, client: httpx.AsyncClient, path: str, /, **fields: str | Iterable[str]
    ) -> httpx.Response:
        """Post a form as the page would, its token included; follows the redirect."""
        sent: dict[str, str | list[str]] = {
            key: value if isinstance(value, str) else list(value) for key, value in fields.items()
        }
        return await client.post(path, data={"csrf": await self.csrf(client), **sent})


@asynccontextmanager
async def console_of(world: World) -> AsyncIterator[Site]:
    """Serve the console of the world's app on a free port of loopback."""
    taken, made = socket.create_server(("127.0.0.1", 0)), console(world.app)
    config = uvicorn.Config(made, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=2)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        async with AsyncExitStack() as stack:
            yield Site(world.app, f"http://127.0.0.1:{taken.getsockname()[1]}", made, stack)
    finally:
        server.should_exit = True
        await serving
        taken.close()
