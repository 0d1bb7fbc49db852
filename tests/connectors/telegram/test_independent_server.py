"""Enrolment by polling on a Bot API somebody else wrote (npm `telegram-test-api`, MIT): messages only.

It keeps no groups: what changes them runs on `published.py`. Runs where BAWAB_TELEGRAM_EMULATOR is the folder
of the installed package:

    npm install --ignore-scripts --prefix /tmp/emulate telegram-test-api@4.2.1
    BAWAB_TELEGRAM_EMULATOR=/tmp/emulate/node_modules/telegram-test-api pytest tests/connectors/telegram
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.surfaces.telegram.starting import pollers
from connectors.chat.telegram import TelegramConfig, TelegramConnector
from connectors.contract import Severity
from tests.bot.surfaces.hearing_telegram import ANA, WITH_PHONE, Hearing, rows
from tests.bot.world import company
from tests.ports import free_port

PACKAGE = os.environ.get("BAWAB_TELEGRAM_EMULATOR", "")
pytestmark = pytest.mark.skipif(
    not PACKAGE, reason="BAWAB_TELEGRAM_EMULATOR names no installed `telegram-test-api` (npm, Node 20)"
)
TOKEN = "171717:AAE-a-token-for-tests-0123456789abcdef"
PERSON = 8001
_START = (
    "const found = require(process.argv[1]); const Server = found.TelegramServer || found.default || found;"
    "new Server({port: Number(process.argv[2]), host: '127.0.0.1'}).start().then(() => console.log('up'));"
)


@asynccontextmanager
async def emulator() -> AsyncIterator[str]:
    """Run the server on a free port of the loopback."""
    port = free_port()
    child = await asyncio.create_subprocess_exec(
        "node", "-e", _START, PACKAGE, str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert await asyncio.wait_for(child.stdout.readline(), 60) == b"up\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        await child.wait()


async def writes(url: str, text: str) -> None:
    """Let a person write to the bot."""
    message: dict[str, Any] = {
        "botToken": TOKEN,
        "from": {"id": PERSON, "first_name": "Ana", "is_bot": False},
        "chat": {"id": PERSON, "first_name": "Ana", "type": "private"},
        "date": 1_790_000_000,
        "text": text,
    }
    async with aiohttp.ClientSession() as http, http.post(f"{url}/sendMessage", json=message) as answer:
        assert answer.status == 200


async def told(url: str) -> list[str]:
    """Give what the bot wrote to the person since last asked."""
    asked = {"token": TOKEN, "chatId": PERSON}
    async with aiohttp.ClientSession() as http, http.post(f"{url}/getUpdates", json=asked) as answer:
        return [row["message"]["text"] for row in (await answer.json())["result"]]


async def test_a_code_sent_to_a_strangers_server_ties_the_account_once(tmp_path: Path) -> None:
    async with emulator() as url:
        instance = {"bot_token": TOKEN, "base_url": url, "pace_scale": 0.0, "backoff_seconds": 0.01}
        async with company(tmp_path, extra={"telegram": {"staff": instance}}) as world:
            both = Hearing.__new__(Hearing)
            both.company, (both.poller,) = world, tuple(pollers(world.app))
            world.drop(*rows(ANA), header=WITH_PHONE)
            await world.settle_in()
            await writes(url, "/start nobody-made-this")
            await both.hear()
            await writes(url, f"/start {await both.code('E1')}")
            await both.hear()
            assert await both.links() == [("E1", str(PERSON), "self_link", True)]
            wrong, right = await told(url)
    assert "not known" in wrong
    assert "Thank you" in right


async def test_what_it_does_not_know_is_said_and_the_token_is_not_blamed() -> None:
    async with emulator() as url:
        telegram = TelegramConnector(TelegramConfig("tg", TOKEN, base_url=url, pace_scale=0.0, read_tries=1))
        findings = {one.code: one for one in await telegram.check()}
        await telegram.aclose()
    assert findings["bot_token"].severity is Severity.OK
    assert "getWebhookInfo" in findings["unavailable"].message
    assert "bad_credentials" not in findings
