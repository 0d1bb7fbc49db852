"""People at their desks in Slack: an office past its first run, roles, and a running app heard either way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.app import Bawab
from bot.instances import build_chat
from bot.store.access_tables import StaffRow
from bot.store.query import add
from bot.surfaces.beside import beside
from bot.surfaces.listener import listening
from bot.surfaces.slack.events import PATIENCE_SECONDS
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.sandbox import APP_TOKEN, User
from connectors.chat.slack.sandbox.acting import Acting, ByHttp, BySocket
from connectors.chat.slack.sandbox.surface import OpenView, Surface
from connectors.wire import Wire
from policies.roles import Role
from tests.bot.adversary import office
from tests.bot.surfaces.telling import SECRET
from tests.bot.world import POLICY, World, channel

ROLES: Mapping[str, tuple[Role, ...]] = {
    "noura": (Role.HR,),
    "sara": (Role.HR,),
    "omar": (Role.IT,),
    "lina": (Role.AUDITOR,),
}
REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-sales, name: sales, owner: huda, deputy: omar}
"""
APPROVED = POLICY.replace("    when: end_of_last_day\n", "    when: end_of_last_day\n    approve: hr\n")
"""Every departure waits for somebody from HR."""


@dataclass(slots=True)
class Desk:
    """What a test sees: the office, people who act in Slack, and what they are shown."""

    world: World
    app: Bawab
    people: Acting

    @property
    def surface(self) -> Surface:
        """The app's side of the workspace."""
        return self.world.sandbox.workspace.surface

    @property
    def wire(self) -> Wire:
        """The app's way out."""
        slack = self.app.chat["acme"]
        assert isinstance(slack, SlackConnector)
        return slack.wire

    async def asks(self, user: str, text: str = "", **more: Any) -> str:
        """Type `/offboard …`; gives the answer, or nothing once a form is opened instead."""
        before, forms = len(self.surface.said_to(user)), len(self.surface.views)
        answered = await self.people.command(user, text, **more)
        assert answered.status == 200
        await until(lambda: len(self.surface.said_to(user)) > before or len(self.surface.views) > forms)
        return bare(self.surface.said_to(user)[-1]["text"]) if len(self.surface.views) == forms else ""

    def form(self, user: str) -> OpenView:
        """The form somebody has before them."""
        return [view for view in self.surface.views.values() if view.user == user][-1]

    async def shown(self, user: str, words: str) -> str:
        """Wait until a form says these words; gives all it says."""
        await until(lambda: words in text_of(self.form(user).view))
        return text_of(self.form(user).view)

    async def previewed(self, user: str, sought: str = "ana") -> OpenView:
        """Go through the first form; gives the second."""
        await self.asks(user, sought)
        await self.people.submit(user, self.form(user), filled(sought))
        await self.shown(user, "To confirm")
        return self.form(user)

    async def home(self, user: str) -> str:
        """Open somebody's Home tab; gives all it says."""
        homes = self.surface.homes
        before = homes.get(user)
        assert (await self.people.open_home(user)).status == 200
        await until(lambda: homes.get(user) is not before)
        return text_of(homes[user].view)

    async def actions(self) -> list[str]:
        """The log's actions."""
        return [entry["action"] for entry in await self.world.log()]

    async def refusals(self) -> list[str]:
        """Why anybody was turned away, oldest first."""
        log = await self.world.log()
        return [str(entry["detail"]) for entry in log if entry["action"] == "access.refuse"]


@asynccontextmanager
async def desk(
    folder: Path,
    *,
    by: str = "socket",
    patience: float = PATIENCE_SECONDS,
    registry: str = REGISTRY,
    **more: Any,
) -> AsyncIterator[Desk]:
    """An office with roles, whose Slack app runs; `by` http or socket."""
    things = (channel("lunch", "ana", "sara", "huda"), channel("sales", "ana", "huda"), User("UEVE", "eve"))
    async with office(folder, *things, registry=registry, **more) as world:
        await appoint(world, ROLES)
        # Slack's three seconds pass by the test's clock, so that a slow machine is no failure.
        world.sandbox.workspace.surface.now = lambda: world.clock().timestamp()
        world.sandbox.sockets.ack_seconds = 20.0
        async with running(world, by, patience) as found:
            yield found


@asynccontextmanager
async def running(world: World, by: str, patience: float = PATIENCE_SECONDS) -> AsyncIterator[Desk]:
    """Run the app of an office."""
    secrets = {"socket": {"app_token": APP_TOKEN}, "http": {"signing_secret": SECRET}}[by]
    more = {name: SecretStr(value) for name, value in secrets.items()}
    acme = world.app.settings.slack["acme"].model_copy(update=more)
    listen = {"listen": "127.0.0.1:0"} if by == "http" else {}
    settings = world.app.settings.model_copy(update={"slack": {"acme": acme}, **listen})
    chat = build_chat(settings, world.app.registry, read_only=False, may_join=False)
    app = replace(world.app, settings=settings, chat=chat)
    try:
        async with _by_socket(world, app) if by == "socket" else _by_http(world, app, patience) as found:
            yield found
    finally:
        for connector in chat.values():
            await connector.aclose()


@asynccontextmanager
async def _by_socket(world: World, app: Bawab) -> AsyncIterator[Desk]:
    async with beside(app):
        await world.sandbox.sockets.connected()
        yield Desk(world, app, Acting(world.sandbox, BySocket(world.sandbox)))


@asynccontextmanager
async def _by_http(world: World, app: Bawab, patience: float) -> AsyncIterator[Desk]:
    async with listening(app, patience=patience) as url, aiohttp.ClientSession() as http:
        await app.chat["acme"].own_account_ids()  # the sandbox learns where it is reached
        yield Desk(world, app, Acting(world.sandbox, ByHttp(http, f"{url}/slack/acme/events", SECRET)))


async def appoint(world: World, roles: Mapping[str, tuple[Role, ...]]) -> None:
    """Give people roles."""
    now = world.clock()
    async with world.app.store.write() as tx:
        for id_, given in roles.items():
            made: dict[str, Any] = {"source": "file", "created_at": now, "updated_at": now}
            await add(tx, StaffRow(id=id_, name=f"{id_.title()} Q", roles=list(given), **made))


def filled(person: str = "ana", day: str = "2026-11-30", **more: str) -> dict[str, Any]:
    """What somebody puts into the first form, as Slack hands it over."""
    zone = more.get("zone", "Asia/Riyadh")
    values: dict[str, Any] = {
        "person": {"person": {"selected_option": {"value": person}}},
        "last_day": {"last_day": {"type": "datepicker", "selected_date": day}},
        f"zone:{person}": {"zone": {"selected_option": {"value": zone} if zone else None}},
        "time": {"time": {"selected_time": more.get("time")}},
    }
    if "exit_type" in more:
        values["exit_type"] = {"exit_type": {"selected_option": {"value": more["exit_type"]}}}
    return values


def counted(number: str) -> dict[str, Any]:
    """What somebody types to confirm."""
    return {"count": {"count": {"type": "plain_text_input", "value": number}}}


def text_of(view: Mapping[str, Any]) -> str:
    """Everything a view says, line by line."""
    return bare("\n".join(_texts(view)))


def _texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for value in part for text in _texts(value)]
    if not isinstance(part, Mapping):
        return []
    own = [str(part["text"])] if part.get("type") == "plain_text" else []
    return own + [text for value in part.values() for text in _texts(value)]


def bare(text: str) -> str:
    """Take the fences round names away, to compare words."""
    return text.replace("\u2068", "").replace("\u2069", "")


def value_of(blocks: list[dict[str, Any]], act: str) -> str:
    """Give the value of the button of an act."""
    found = (one for block in blocks for one in block.get("elements", ()) if one.get("action_id") == act)
    return str(next(found)["value"])


async def until(what: Callable[[], bool]) -> None:
    """Wait until something is so; as long as a very busy machine may take."""
    for _ in range(3000):
        if what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen within a minute")
