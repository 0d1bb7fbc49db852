"""`bawab link`: codes are shown once, lists say how it is known, and what is untied stays untied."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_TOKEN,
    OWNER_ID,
    Sandbox,
    base_world,
    create_sandbox,
    running_sandbox,
)
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop


@contextmanager
def served(sandbox: Sandbox) -> Iterator[str]:
    """Serve a Telegram on a thread of its own."""
    ready, stop, urls = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with running_sandbox(sandbox) as url:
            urls.append(url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield urls[0]
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def telegram(shop: Shop) -> Iterator[Sandbox]:
    """The same company with a Telegram bot."""
    sandbox = create_sandbox(base_world())
    with served(sandbox) as url:
        settings = {"BOT_TOKEN": BOT_TOKEN, "BASE_URL": url, "PACE_SCALE": "0", "BACKOFF_SECONDS": "0.02"}
        shop.write_settings(**{f"TELEGRAM__STAFF__{name}": value for name, value in settings.items()})
        shop.settle_in(*STAFF)
        yield sandbox


def stored(shop: Shop) -> str:
    """Everything in the database, as text."""
    with sqlite3.connect(shop.folder / "data" / "bawab.db") as database:
        return "\n".join(database.iterdump())


def test_a_code_is_made_shown_once_and_redeemed_in_the_next_run(shop: Shop, telegram: Sandbox) -> None:
    made = shop.bawab("link", "code", "E1", "--json")
    assert made.code == 0, made.err
    code = made.data["code"]
    assert made.data["link"] == f"https://t.me/bawab_bot?start={code}"
    assert code not in stored(shop)
    world = telegram.world
    ana = world.add_user("Ana")
    chat = world.add_chat("supergroup", "Sales", OWNER_ID, members=[ana.id])
    world.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
    world.person_writes(ana.id, f"/start {code}")
    assert shop.run_once().code == 0
    (link,) = [row for row in shop.bawab("link", "list", "E1", "--json").data if row["instance"] == "staff"]
    assert (link["account_id"], link["evidence"]) == (str(ana.id), "self_link")
    shown = shop.bawab("link", "list", "E1", "--instance", "staff").out
    assert "linked with a code" in shown
    assert "certain" in shown


@pytest.mark.usefixtures("telegram")
def test_a_code_in_words_says_to_whom_it_goes_and_until_when(shop: Shop) -> None:
    made = shop.bawab("link", "code", "Ana Quispe", "--valid", "12h")
    assert made.out.startswith("https://t.me/bawab_bot?start=")
    assert "Ana Quispe" in made.err
    arabic = shop.bawab("link", "code", "E1", "--lang", "ar")
    assert "يعمل مرة واحدة" in arabic.err


def test_without_telegram_the_code_is_still_told(shop: Shop, telegram: Sandbox) -> None:
    telegram.world.bots.clear()
    made = shop.bawab("link", "code", "E1")
    assert made.code == 0
    assert made.out.startswith("/start ")


REFUSALS = (
    (("link", "code", "E1", "--instance", "nowhere"), "--instance: staff"),
    (("link", "code", "E1", "--valid", "soon"), "soon is no length of time"),
    (("link", "code", "E1", "--valid", "31d"), "30 days at most"),
    (("link", "code", "E99"), "E99"),
    (("link", "code", "E2"), "themselves"),
    (("link", "remove", "E1"), "--instance"),
    (("link", "remove", "E1", "--instance", "staff"), "no such account"),
)


@pytest.mark.usefixtures("telegram")
def test_what_cannot_be_done_is_said(shop: Shop) -> None:
    for words, said in REFUSALS:
        answer = shop.bawab(*words)
        assert answer.code == 2, words
        assert said in answer.err.replace("\u2068", "").replace("\u2069", ""), words


def test_an_untied_account_is_no_longer_listed_and_the_log_says_who_did_it(
    shop: Shop, telegram: Sandbox
) -> None:
    code = shop.bawab("link", "code", "E1", "--json").data["code"]
    ana = telegram.world.add_user("Ana")
    telegram.world.person_writes(ana.id, f"/start {code}")
    assert shop.run_once().code == 0
    gone = shop.bawab("link", "remove", "E1", "--instance", "staff", "--reason", "a shared phone")
    assert gone.code == 0, gone.err
    assert shop.bawab("link", "list", "--instance", "staff", "--json").data == []
    found = shop.bawab("audit", "search", "action:link.remove", "--json")
    assert '"person:noura"' in found.out
    assert str(ana.id) not in found.out, "the account is sealed"


def test_what_keeps_a_bot_from_being_heard_stands_in_the_status_until_it_is_mended(
    shop: Shop, telegram: Sandbox
) -> None:
    telegram.world.bot().inbox.webhook = "https://elsewhere.test/hook"
    ran = shop.run_once()
    assert "deleteWebhook" in ran.err
    for _ in range(2):
        status = shop.bawab("status")
        assert "staff is not heard since" in status.out
        assert "UPDATES=webhook" in status.out
        shop.run_once()
    (deaf,) = shop.bawab("status", "--json").data["deaf"]
    assert (deaf["instance"], deaf["key"]) == ("staff", "webhook_active")
    assert "لا تصل أخبار" in shop.bawab("status", "--lang", "ar").out
    telegram.world.bot().inbox.webhook = ""
    assert "staff is heard again" in shop.run_once().err.replace("\u2068", "").replace("\u2069", "")
    assert shop.bawab("status", "--json").data["deaf"] == []
