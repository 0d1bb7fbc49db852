"""The sandbox as others use it: its door, its parameters, its journal, and itself as a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, BOT_TOKEN, Status, from_seed
from tests.connectors.telegram.sandbox_calls import ANA, CHANNEL, ELSEWHERE, GROUP, SUPER, Bot, at_work


@pytest.mark.parametrize(
    "sent",
    [
        {"params": {"chat_id": str(SUPER), "user_id": str(ANA)}},
        {"data": {"chat_id": str(SUPER), "user_id": str(ANA)}},
        {"json": {"chat_id": SUPER, "user_id": ANA}},
    ],
    ids=["query", "form", "json"],
)
async def test_parameters_are_read_from_query_form_and_json(sent: dict[str, Any]) -> None:
    async with (
        at_work() as (_, bot),
        aiohttp.ClientSession() as session,
        session.post(f"{bot.url}/bot{BOT_TOKEN}/getChatMember", **sent) as answer,
    ):
        assert (await answer.json())["result"]["status"] == "member"


async def test_a_method_is_found_in_whatever_case_and_an_unknown_one_is_not() -> None:
    async with at_work() as (sandbox, bot):
        assert (await bot.call("GETme")).result["id"] == BOT_ID
        assert (await bot.call("explode")).refused == (404, "Not Found: method not found")
    assert [entry.method for entry in sandbox.journal] == ["getMe", "explode"]


@pytest.mark.parametrize(
    ("token", "refused"),
    [
        ("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1", (401, "Unauthorized")),
        ("nonsense", (404, "Not Found")),
        ("1:short", (404, "Not Found")),
    ],
)
async def test_a_wrong_token_is_refused_by_its_form(token: str, refused: tuple[int, str]) -> None:
    async with at_work() as (_, bot), aiohttp.ClientSession() as session:
        assert (await Bot(session, bot.url, token).call("getMe")).refused == refused


async def test_the_bot_sees_its_chats_and_its_own_link_only_where_it_may_invite() -> None:
    async with at_work() as (sandbox, bot):
        full = (await bot.call("getChat", chat_id=SUPER)).result
        sandbox.world.bot_demoted(SUPER, by=ANA, rights=frozenset({"can_restrict_members"}))
        without = (await bot.call("getChat", chat_id=SUPER)).result
        private = (await bot.call("getChat", chat_id=ANA)).result
    assert (full["type"], full["title"]) == ("supergroup", "Sales")
    assert full["invite_link"].startswith("https://t.me/+")
    assert "invite_link" not in without
    assert private["type"] == "private"


async def test_administrators_are_given_without_other_bots_unless_asked_for() -> None:
    async with at_work() as (sandbox, bot):
        other = sandbox.world.add_bot("222:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "other_bot").user
        sandbox.world.bot_added(SUPER, ANA, BOT_ADMIN, bot=other)
        plain = (await bot.call("getChatAdministrators", chat_id=SUPER)).result
        all_of_them = (await bot.call("getChatAdministrators", chat_id=SUPER, return_bots=True)).result
        count = (await bot.call("getChatMemberCount", chat_id=SUPER)).result
    assert {one["status"] for one in plain} == {"creator", "administrator"}
    assert {one["user"]["id"] for one in all_of_them} - {one["user"]["id"] for one in plain} == {other}
    assert count == 6


@pytest.mark.parametrize("chat", [GROUP, SUPER, CHANNEL])
async def test_an_administrator_is_shown_with_the_rights_of_the_kind_of_chat(chat: int) -> None:
    async with at_work() as (_, bot):
        me = (await bot.call("getChatMember", chat_id=chat, user_id=BOT_ID)).result
    assert me["status"] == "administrator"
    assert me["can_restrict_members"] is True
    assert ("can_post_messages" in me) == (chat == CHANNEL)
    assert ("can_manage_topics" in me) == (chat == SUPER)


async def test_faults_and_journal_are_reached_over_http_without_tokens_and_links() -> None:
    async with at_work() as (_, bot), aiohttp.ClientSession() as session:
        fault = {"kind": "error", "method": "getMe", "code": 400, "description": "Bad Request: NOPE"}
        async with session.post(f"{bot.url}/_sandbox/faults", json=fault) as answer:
            assert answer.status == 200
        async with session.post(f"{bot.url}/_sandbox/faults", json={"kind": "no_such"}) as answer:
            assert answer.status == 400
        assert (await bot.call("getMe")).refused == (400, "Bad Request: NOPE")
        link = (await bot.call("getChat", chat_id=SUPER)).result["invite_link"]
        async with session.get(f"{bot.url}/_sandbox/journal") as answer:
            journal = await answer.text()
        async with session.get(f"{bot.url}/_sandbox/state") as answer:
            state = await answer.text()
    assert [entry["answer"] for entry in json.loads(journal)] == ["error", "ok"]
    assert BOT_TOKEN not in journal + state
    assert link not in journal + state


async def test_it_runs_as_a_process_from_a_seed_file(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    chats = [{"id": -1001, "type": "group", "title": "سائقون", "members": [7], "bot_rights": []}]
    seed.write_text(json.dumps({"users": [{"id": 7, "first_name": "منى"}], "chats": chats}), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connectors.chat.telegram.sandbox", "--seed", str(seed), stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        url = json.loads(await child.stdout.readline())["url"]
        async with aiohttp.ClientSession() as session:
            found = (await Bot(session, url).call("getChatMember", chat_id=-1001, user_id=7)).result
    finally:
        child.terminate()
        await child.wait()
    assert found["user"]["first_name"] == "منى"


async def test_a_chat_the_bot_was_never_in_cannot_be_named() -> None:
    async with at_work() as (_, bot):
        assert (await bot.call("getChat", chat_id=ELSEWHERE)).refused == (400, "Bad Request: chat not found")


def test_a_seeded_bot_has_all_it_needs_unless_the_seed_says_otherwise() -> None:
    world = from_seed({"chats": [{"id": -5, "title": "x"}, {"id": -6, "title": "y", "bot_rights": []}]})
    assert world.chats[-5].member(BOT_ID).rights == BOT_ADMIN
    assert world.chats[-6].member(BOT_ID).status is Status.MEMBER


def test_a_seeded_bot_that_was_just_added_is_told_so() -> None:
    world = from_seed({"users": [{"id": 7}], "chats": [{"id": -5, "title": "x", "bot_added_by": 7}]})
    assert world.chats[-5].member(BOT_ID).rights == BOT_ADMIN
    told = [update["my_chat_member"] for update in world.bot().inbox.take(0, 9) if "my_chat_member" in update]
    assert [(one["chat"]["id"], one["from"]["id"]) for one in told] == [(-5, 7)]
