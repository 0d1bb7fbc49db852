"""The sandbox's faults and limits as data: before or after the effect, in one chat or all, once or always."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from connectors.chat.telegram.sandbox import Fault, FaultKind, Limits
from tests.connectors.telegram.sandbox_calls import ANA, BADR, SUPER, at_work

BAN = "banChatMember"
LONG = 1800.0
"""A minute that lasts half an hour: however slow we are, the calls of one test fall into one second of it."""


async def test_a_refusal_for_load_says_twice_how_long_to_wait() -> None:
    async with at_work(faults=[Fault(FaultKind.LIMITED_429, BAN, seconds=7)]) as (sandbox, bot):
        asked = await bot.call(BAN, chat_id=SUPER, user_id=ANA)
        assert ANA in sandbox.world.chats[SUPER].inside()
    assert asked.refused == (429, "Too Many Requests: retry after 7")
    assert (asked.body["parameters"], asked.retry_after) == ({"retry_after": 7}, "7")


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_call_has_had_its_effect_or_not(after: bool) -> None:
    async with at_work(faults=[Fault(FaultKind.DROP, BAN, after_effect=after)]) as (sandbox, bot):
        with pytest.raises(aiohttp.ClientError):
            await bot.call(BAN, chat_id=SUPER, user_id=ANA)
        assert (ANA not in sandbox.world.chats[SUPER].inside()) is after


@pytest.mark.parametrize("kind", [FaultKind.OK_BUT_KEPT, FaultKind.DELAYED_EFFECT])
async def test_an_ok_that_keeps_or_delays_is_seen_only_by_looking(kind: FaultKind) -> None:
    async with at_work(faults=[Fault(kind, BAN, seconds=3600)]) as (sandbox, bot):
        assert (await bot.call(BAN, chat_id=SUPER, user_id=ANA)).result is True
        early = (await bot.call("getChatMember", chat_id=SUPER, user_id=ANA)).result["status"]
        sandbox.settle()
        late = (await bot.call("getChatMember", chat_id=SUPER, user_id=ANA)).result["status"]
    assert (early, late) == ("member", "member" if kind is FaultKind.OK_BUT_KEPT else "kicked")


async def test_a_delayed_effect_shows_by_itself_after_its_seconds() -> None:
    async with at_work(faults=[Fault(FaultKind.DELAYED_EFFECT, BAN, seconds=0.01)]) as (_, bot):
        await bot.call(BAN, chat_id=SUPER, user_id=ANA)
        await asyncio.sleep(0.02)
        assert (await bot.call("getChatMember", chat_id=SUPER, user_id=ANA)).result["status"] == "kicked"


async def test_a_revoked_token_is_refused_from_then_on() -> None:
    async with at_work(faults=[Fault(FaultKind.TOKEN_REVOKED, BAN)]) as (_, bot):
        assert (await bot.call("getMe")).result
        assert (await bot.call(BAN, chat_id=SUPER, user_id=ANA)).refused == (401, "Unauthorized")
        assert (await bot.call("getMe")).refused == (401, "Unauthorized")


async def test_a_fault_can_strike_one_chat_at_its_second_call_only() -> None:
    fault = Fault(FaultKind.HTTP_500, "getChat", nth=2, chat=SUPER)
    async with at_work(faults=[fault]) as (sandbox, bot):
        chats = [SUPER, *(chat for chat in sandbox.world.chats if chat != SUPER)][:3]
        seen = [(await bot.call("getChat", chat_id=chat)).status for chat in (*chats, SUPER, SUPER)]
    assert seen == [200, 200, 200, 500, 200]


async def test_one_chat_takes_one_message_a_second_and_says_how_long_to_wait() -> None:
    async with at_work(limits=Limits(on=True, minute=LONG)) as (sandbox, bot):
        for user in (ANA, BADR):
            sandbox.world.person_writes(user, "/start")
        statuses = [
            (await bot.call("sendMessage", chat_id=user, text="x")).status for user in (ANA, BADR, ANA)
        ]
    assert statuses == [200, 200, 429]
    assert sandbox.limits.refusals == 1


async def test_a_client_that_asks_again_too_early_is_counted() -> None:
    async with at_work(limits=Limits(on=True, minute=LONG, others_per_second=2)) as (sandbox, bot):
        statuses = [(await bot.call("getMe")).status for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert sandbox.limits.early_calls == 1
