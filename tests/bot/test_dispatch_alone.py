"""What a platform lets only one process do is done by one of all, and by the next when that one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from bot.app import Bawab, open_bawab
from bot.dispatch_alone import in_turn
from bot.hearing import troubles
from bot.setting_parts import WorkersSettings
from bot.settings import Settings, TelegramInstance
from bot.store.group_tables import KnownGroupRow
from bot.store.query import where
from bot.surfaces.beside import beside
from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    OWNER_ID,
    Sandbox,
    base_world,
    create_sandbox,
    running_sandbox,
)
from tests.bot.surfaces.hearing_telegram import instance
from tests.postgres import Server, fresh, server

OFTEN = WorkersSettings(heartbeat_seconds=0.1, stalled_seconds=0.3)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


def host(folder: Path, url: str, bots: Mapping[str, TelegramInstance] | None = None) -> Settings:
    told = dict(bots or {})
    return Settings(_env_file=None, data_dir=folder, database_url=url, workers=OFTEN, telegram=told)


class Work:
    """Endless work that is to be done by one at a time; breaks each time it is told to."""

    def __init__(self) -> None:
        self.at_it: list[str] = []
        self.breaks = 0

    async def by(self, name: str) -> None:
        self.at_it.append(name)
        assert len(self.at_it) == 1, self.at_it
        try:
            if self.breaks:
                self.breaks -= 1
                raise ValueError("broken")
            await asyncio.Event().wait()
        finally:
            self.at_it.remove(name)

    async def until(self, *names: str) -> None:
        async with asyncio.timeout(60):
            while True:
                if self.at_it == list(names):
                    return
                await asyncio.sleep(0.02)


async def test_of_two_processes_one_works_and_the_other_when_that_one_is_gone(
    tmp_path: Path, database: str
) -> None:
    work = Work()
    async with open_bawab(host(tmp_path, database)) as app:
        first = asyncio.create_task(in_turn(app, "polling", lambda: work.by("first")))
        await work.until("first")
        second = asyncio.create_task(in_turn(app, "polling", lambda: work.by("second")))
        await asyncio.sleep(0.2)
        assert work.at_it == ["first"]
        first.cancel()
        await work.until("second")
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


async def test_work_that_breaks_or_loses_its_connection_is_begun_anew(tmp_path: Path, database: str) -> None:
    work = Work()
    work.breaks = 2
    async with open_bawab(host(tmp_path, database)) as app:
        task = asyncio.create_task(in_turn(app, "polling", lambda: work.by("it")))
        await work.until("it")
        assert work.breaks == 0
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bawab lock'"
            )
        await work.until()
        await work.until("it")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_two_processes_poll_one_telegram_bot_in_turn(tmp_path: Path, database: str) -> None:
    sandbox = create_sandbox(base_world())
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running_sandbox(sandbox))
        bots = {"staff": TelegramInstance.model_validate(instance(url))}
        settings = host(tmp_path, database, bots)
        app = await stack.enter_async_context(open_bawab(settings))
        other = await stack.enter_async_context(open_bawab(settings))
        first = await stack.enter_async_context(AsyncExitStack())
        await first.enter_async_context(beside(app))
        await stack.enter_async_context(beside(other))
        await _heard(sandbox, app, "Sales", 1)
        await first.aclose()
        await _heard(sandbox, app, "Lunch", 2)
        async with app.store.read() as tx:
            assert await troubles(tx) == [], "neither met the other at Telegram"
        answers = {entry.answer for entry in sandbox.journal if entry.method == "getUpdates"}
        assert not [answer for answer in answers if "Conflict" in answer]


async def _heard(sandbox: Sandbox, app: Bawab, title: str, known: int) -> None:
    """Let the bot be added to a group, and wait until that is known."""
    chat = sandbox.world.add_chat("supergroup", title, OWNER_ID, members=[], bots=None)
    sandbox.world.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
    async with asyncio.timeout(60):
        while True:
            async with app.store.read() as tx:
                if len(await where(tx, KnownGroupRow)) == known:
                    return
            await asyncio.sleep(0.05)
