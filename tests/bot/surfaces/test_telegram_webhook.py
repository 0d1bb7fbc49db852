"""The webhook: Telegram itself, with the secret, in order; nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.hearing import troubles
from bot.settings import SettingsProblem
from bot.surfaces.beside import beside
from bot.surfaces.bodies import MOST_BYTES
from bot.surfaces.listener import listening
from bot.surfaces.telegram.meanings import ALLOWED_UPDATES
from bot.surfaces.telegram.webhook import SECRET
from connectors.chat.telegram.sandbox import BOT_ADMIN, OWNER_ID, Fault, FaultKind
from tests.bot.surfaces.hearing_telegram import Hearing, hearing
from tests.ports import free_port

WORD = "a-secret-word-of-ours"
LONG = range(3000)
"""Looks, at 0.02 s: only against waiting for ever."""


@asynccontextmanager
async def brought(folder: Path) -> AsyncIterator[tuple[Hearing, str]]:
    """A bot whose updates are brought to a listening Bawab; gives where."""
    listen = f"127.0.0.1:{free_port()}"
    telegram = {"updates": "webhook", "webhook_url": f"http://{listen}/", "webhook_secret": SecretStr(WORD)}
    async with hearing(folder, telegram=telegram) as both:
        world = both.company
        world.app = replace(world.app, settings=world.app.settings.model_copy(update={"listen": listen}))
        async with listening(world.app):
            yield both, f"http://{listen}/telegram/staff"


async def _registered(both: Hearing) -> None:
    """Wait until Telegram knows the webhook, as long as a very busy machine may take."""
    for _ in LONG:
        if both.telegram.bot().inbox.webhook:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("Telegram was never told")


async def _knows(both: Hearing, chat_id: int) -> bool:
    for _ in LONG:
        if await both.known(chat_id) is not None:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_telegram_is_told_where_and_brings_its_updates_there(tmp_path: Path) -> None:
    async with brought(tmp_path) as (both, url), beside(both.company.app):
        await _registered(both)
        inbox = both.telegram.bot().inbox
        assert inbox.webhook == url
        assert inbox.allowed == frozenset(ALLOWED_UPDATES)
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        assert await _knows(both, chat.id)


async def test_whoever_does_not_know_the_word_is_turned_away(tmp_path: Path) -> None:
    async with brought(tmp_path) as (both, url), aiohttp.ClientSession() as http:
        body = json.dumps(
            {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}}}
        )
        before = len(await both.company.log())
        for word in (None, "", "wrong", WORD + "x", WORD[:-1], WORD.upper(), "ÿ"):
            headers = {} if word is None else {SECRET: word}
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status == 401, word
        assert len(await both.company.log()) == before
        async with http.post(url, data=body, headers={SECRET: WORD}) as answer:
            assert answer.status == 200
        async with http.post(url.replace("staff", "other"), data=body, headers={SECRET: WORD}) as answer:
            assert answer.status == 404


async def test_what_is_no_update_is_refused_and_what_is_too_large_not_read(tmp_path: Path) -> None:
    async with brought(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        for body in (b"", b"text", b"[]", b"{}", b'{"update_id": "x"}'):
            async with http.post(url, data=body, headers={SECRET: WORD}) as answer:
                assert answer.status == 400, body
        async with http.post(url, data=b"x" * (MOST_BYTES + 1), headers={SECRET: WORD}) as answer:
            assert answer.status == 413
        async with http.get(url) as answer:
            assert answer.status == 405


async def test_an_update_that_meets_an_outage_is_brought_again(tmp_path: Path) -> None:
    async with brought(tmp_path) as (both, _), beside(both.company.app):
        await _registered(both)
        ana, chat = both.telegram.add_user("Ana"), both.group("Sales")
        both.company.drop(f"E1,Ana Quispe,active,{ana.id}", header="employee_id,name,status,account:staff")
        await both.company.settle_in()
        both.sandbox.faults.append(Fault(FaultKind.HTTP_500, "approveChatJoinRequest", times=2))
        link = both.telegram.new_link(chat, OWNER_ID, creates_join_request=True)
        both.telegram.person_joins(chat.id, ana.id, link)
        for _ in LONG:
            if await both.logged("join.approve"):
                break
            await asyncio.sleep(0.02)
        assert [entry["outcome"] for entry in await both.logged("join.approve")] == ["done"]
        assert ana.id in chat.inside()


async def test_a_webhook_telegram_refuses_is_said_and_tried_again(tmp_path: Path) -> None:
    async with brought(tmp_path) as (both, _):
        refusal = Fault(FaultKind.ERROR, "setWebhook", times=0, description="Bad Request: bad webhook")
        both.sandbox.faults.append(refusal)
        async with beside(both.company.app):
            for _ in LONG:
                if await both.logged("listen.fail"):
                    break
                await asyncio.sleep(0.02)
        async with both.company.app.store.read() as tx:
            assert [trouble.key for trouble in await troubles(tx)] == ["webhook_refused"]


async def test_a_webhook_without_an_address_to_listen_at_is_a_mistake(tmp_path: Path) -> None:
    async with brought(tmp_path) as (both, _):
        settings = both.company.app.settings.model_copy(update={"listen": None})
        with pytest.raises(SettingsProblem, match=r"STAFF__UPDATES=webhook needs BAWAB_LISTEN"):
            async with listening(replace(both.company.app, settings=settings)):
                pass


async def test_a_bot_that_is_polled_is_heard_beside_the_service(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both, beside(both.company.app):
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        assert await _knows(both, chat.id)
