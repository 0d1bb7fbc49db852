"""A company whose HR and IT can be reached by Slack, Telegram and mail, each a real server on loopback."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.messages import Messages
from bot.store.access_tables import ReceiptRow, StaffRow
from bot.store.query import add, change, columns, where
from bot.store.tables import LinkRow, NoticeRow
from tests.bot.notices.office import FENCES
from tests.bot.offices import SLACK, TELEGRAM, Offices, offices, telegram_world
from tests.bot.world import people
from tests.connectors.mail.post import Post, mail_server

NOURA, IDRIS, ANA = "E2", "E3", "E1"
STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,Noura,noura@corp.test,HR,active,,",
    "E3,Idris,idris@corp.test,IT,active,,",
)
CHATS = {NOURA: 7002, IDRIS: 7003, ANA: 7001}


@dataclass(slots=True)
class Desk:
    """The company, its mail, and the messages of one service that hears pressed buttons."""

    world: Offices
    post: Post
    messages: Messages

    async def send(self, **later: float) -> None:
        """Let time pass, then tell and ask whatever is due."""
        self.world.clock.turn(**later)
        await self.messages.about_news()
        await self.messages.send_due()

    def restart(self) -> None:
        """Begin anew with nothing but the database, as after a kill."""
        self.messages = Messages(self.world.app)

    def in_slack(self, account: str) -> list[dict[str, Any]]:
        """What stands before an account in Slack now."""
        box = self.world.sandbox.workspace.channels.get(f"D{account}")
        return list(box.messages) if box else []

    def slack_texts(self, account: str) -> list[str]:
        return [html.unescape(one["text"]).translate(FENCES) for one in self.in_slack(account)]

    def in_telegram(self, person: str) -> list[str]:
        sent = self.world.telegram.world.bot().outbox
        return [one.text.translate(FENCES) for one in sent if one.chat == CHATS[person]]

    def in_mail(self, address: str) -> list[str]:
        found = [mail.get_body(("plain",)) for to, mail in self.post.mails if to == address]
        return [body.get_content().translate(FENCES) for body in found if body is not None]

    async def notices(self) -> list[NoticeRow]:
        async with self.world.app.store.read() as tx:
            return await where(tx, NoticeRow)

    async def receipts(self) -> list[ReceiptRow]:
        async with self.world.app.store.read() as tx:
            return sorted(await where(tx, ReceiptRow), key=lambda row: (row.at, row.id))

    async def employ(self, person: str, roles: list[str], channels: Mapping[str, str]) -> None:
        """Give somebody roles, and tie their accounts to them."""
        now = self.world.clock()
        async with self.world.app.store.write() as tx:
            await add(
                tx,
                StaffRow(id=person, name=person, roles=roles, source="local", created_at=now, updated_at=now),
            )
            links = columns(LinkRow)
            for instance, account in channels.items():
                same = [links.person_id == person, links.instance == instance]
                if await change(tx, LinkRow, {"released_at": now, "hold_digest": None}, *same):
                    continue
                row = LinkRow(
                    person_id=person,
                    instance=instance,
                    account_id=account,
                    evidence="hr_record",
                    created_at=now,
                    released_at=now,
                )
                await add(tx, row)


@asynccontextmanager
async def desk(folder: Path, *, mail: bool = True, **settings: Any) -> AsyncIterator[Desk]:
    """Open the company with HR's first file in; nobody has a role yet."""
    telegram = telegram_world({number: name for name, number in CHATS.items()}, {})
    async with mail_server() as post:
        smtp = {"host": "127.0.0.1", "port": post.port, "sender": "bawab@corp.test", "tls": "none"}
        extra = ({"smtp": smtp} if mail else {}) | settings
        async with offices(
            folder, slack=people("ana", "noura", "idris"), telegram=telegram, extra=extra
        ) as world:
            for number in CHATS.values():
                world.telegram.world.person_writes(number, "/start")
            world.app = replace(world.app, settings=_hearing(world))
            desk = Desk(world, post, Messages(world.app))
            world.drop(*STAFF)
            await world.run()
            yield desk


def _hearing(world: Offices) -> Any:
    """The settings as they are where pressed buttons are heard; nothing listens here."""
    settings = world.app.settings
    slack = settings.slack[SLACK].model_copy(update={"app_token": SecretStr("xapp-for-tests")})
    telegram = settings.telegram[TELEGRAM].model_copy(update={"updates": "poll"})
    return settings.model_copy(update={"slack": {SLACK: slack}, "telegram": {TELEGRAM: telegram}})
