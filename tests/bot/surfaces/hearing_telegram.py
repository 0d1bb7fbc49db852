"""A company on Telegram: a sandbox whose people act, and a Bawab that fetches what its bot is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bot.people.enrolment import make_code
from bot.people.who import the_person
from bot.settings import ManualInstance
from bot.store.group_tables import KnownGroupRow
from bot.store.query import columns, one, where
from bot.store.tables import LinkRow
from bot.surfaces.telegram.polling import Poller
from bot.surfaces.telegram.starting import pollers
from bot.values import group_from_plain
from connectors.chat.telegram import TelegramConnector
from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    BOT_TOKEN,
    OWNER_ID,
    Chat,
    Sandbox,
    User,
    World,
    base_world,
    create_sandbox,
    running_sandbox,
)
from policies.model import Group
from tests.bot.world import HEADER, company
from tests.bot.world import World as Company

WITH_PHONE = HEADER + ",phone,language"


@dataclass(slots=True)
class Hearing:
    """Both sides: the company, and the Telegram its people use."""

    company: Company
    sandbox: Sandbox
    poller: Poller = field(init=False)

    @property
    def telegram(self) -> World:
        """Where people act."""
        return self.sandbox.world

    @property
    def connector(self) -> TelegramConnector:
        """The connector of the bot."""
        found = self.company.app.chat["staff"]
        assert isinstance(found, TelegramConnector)
        return found

    def group(self, title: str, *members: User, type_: str = "supergroup", bot: bool = True) -> Chat:
        """Let a group exist since long ago, with the bot as an admin of it."""
        bots = {BOT_ID: BOT_ADMIN} if bot else None
        return self.telegram.add_chat(
            type_, title, OWNER_ID, members=[member.id for member in members], bots=bots
        )

    async def hear(self) -> int:
        """Take all that waits."""
        return await self.poller.fetch_waiting()

    async def waited_for(self) -> None:
        """Wait until somebody waits at Telegram for what may come."""
        inbox = self.telegram.bot().inbox
        async with asyncio.timeout(60):
            while inbox._waiting is None:  # noqa: ASYNC110 - a sandbox tells nobody
                await asyncio.sleep(0.01)

    def restart(self) -> None:
        """Begin with nothing in memory, as after a crash."""
        (self.poller,) = pollers(self.company.app)

    async def staff(self, *rows: str) -> None:
        """Let HR deliver these people (id,name,email,department,status,last_day,time_zone,phone,language)."""
        self.company.drop(*rows, header=WITH_PHONE)
        await self.company.settle_in()

    async def code(self, who: str, **more: Any) -> str:
        """Let HR make a code for somebody."""
        async with self.company.app.store.read() as tx:
            person = await the_person(tx, who)
        made = await make_code(self.company.app, person, "staff", actor="person:noura", **more)
        return made.text

    async def enrol(self, who: str, user: User) -> None:
        """Let somebody link their account with a code."""
        self.telegram.person_writes(user.id, f"/start {await self.code(who)}")
        await self.hear()

    async def links(self) -> list[tuple[str, str, str, bool]]:
        """Who is tied to which Telegram account, how, and whether it counts."""
        async with self.company.app.store.read() as tx:
            found = await where(tx, LinkRow, columns(LinkRow).instance == "staff")
        return sorted(
            (row.person_id, row.account_id, row.evidence, row.released_at is not None) for row in found
        )

    async def known(self, chat_id: int) -> tuple[Group, KnownGroupRow] | None:
        """What Bawab remembers of a group."""
        rows = columns(KnownGroupRow)
        mine = [rows.instance == "staff", rows.group_id == str(chat_id)]
        async with self.company.app.store.read() as tx:
            row = await one(tx, KnownGroupRow, *mine)
        group = group_from_plain(row.group) if row is not None else None
        return (group, row) if group is not None and row is not None else None

    def said_to(self, user: User) -> list[str]:
        """What the bot wrote to somebody."""
        return [sent.text for sent in self.telegram.bot().outbox if sent.chat == user.id]

    async def logged(self, *actions: str) -> list[Mapping[str, Any]]:
        """The entries of the log with these actions, oldest first."""
        found = [dict(entry) for entry in await self.company.log() if entry["action"] in actions]
        return [entry | {"detail": orjson.loads(entry["detail"] or "{}")} for entry in found]


@asynccontextmanager
async def hearing(
    folder: Path,
    *,
    policy: str | None = None,
    registry: str | None = None,
    telegram: Mapping[str, Any] | None = None,
    manual: Mapping[str, ManualInstance] | None = None,
) -> AsyncIterator[Hearing]:
    """Start both sides; the bot has asked for its kinds of updates once."""
    sandbox = create_sandbox(base_world())
    async with running_sandbox(sandbox) as url:
        extra = {"telegram": {"staff": instance(url) | dict(telegram or {})}}
        more: dict[str, Any] = {"policy": policy} if policy else {}
        more |= {"registry": registry, "manual": manual}
        async with company(folder, extra=extra, **more) as world:
            both = Hearing(world, sandbox)
            if extra["telegram"]["staff"].get("updates") != "webhook":
                both.restart()
                await both.hear()
            yield both


def instance(url: str) -> dict[str, Any]:
    """Settings of the sandbox as an instance, unpaced."""
    return {
        "bot_token": BOT_TOKEN,
        "base_url": url,
        "pace_scale": 0.0,
        "timeout_seconds": 60.0,
        "backoff_seconds": 0.02,
    }


def rows(*people: Sequence[str]) -> list[str]:
    """Write people as rows of an export: id, name, phone, status, last day."""
    return [
        f"{id_},{name},{name.split()[0].lower()}@corp.test,Sales,{status},{last_day},,{phone},"
        for id_, name, phone, status, last_day in people
    ]


ANA = ("E1", "Ana Quispe", "+966501234567", "active", "")
BADR = ("E2", "Badr Saleh", "+966507654321", "active", "")
