"""What the sandbox tells a bot: which changes, to whom, by fetching or by webhook."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.chat.telegram.sandbox import BOT_ADMIN, OWNER_ID
from tests.connectors.telegram.sandbox_calls import ANA, CHANNEL, ELSEWHERE, GROUP, SUPER, at_work
from tests.connectors.telegram.sandbox_listener import listening

# Only against waiting for ever, in seconds; a long poll nobody answers comes back empty before it.
LONG = 60.0
EVERYTHING = ["message", "my_chat_member", "chat_member", "chat_join_request", "callback_query"]
TWO_POLLERS = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


def kinds(updates: list[dict[str, Any]]) -> list[str]:
    return [next(key for key in update if key != "update_id") for update in updates]


async def until(reached: Any) -> None:
    async with asyncio.timeout(LONG):
        while not reached():  # noqa: ASYNC110 - what is waited for is another's state
            await asyncio.sleep(0.005)


async def test_changes_of_others_are_told_only_to_an_administrator_who_asked_for_them() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_leaves(CHANNEL, ANA)
        assert await bot.updates(allowed_updates=EVERYTHING) == []
        sandbox.world.person_added(CHANNEL, ANA, by=OWNER_ID)
        (told,) = await bot.updates()
        sandbox.world.bot_demoted(CHANNEL, by=OWNER_ID)
        sandbox.world.person_leaves(CHANNEL, ANA)
        (own,) = await bot.updates(offset=told["update_id"] + 1)
    said = told["chat_member"]
    assert said["chat"]["id"] == CHANNEL
    assert said["from"]["id"] == OWNER_ID
    assert (said["old_chat_member"]["status"], said["new_chat_member"]["status"]) == ("left", "member")
    assert (own["my_chat_member"]["new_chat_member"]["status"]) == "member"


async def test_the_bot_is_always_told_what_becomes_of_itself() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.bot_added(ELSEWHERE, by=ANA)
        sandbox.world.person_promoted(ELSEWHERE, sandbox.world.bot().user, by=OWNER_ID, rights=BOT_ADMIN)
        sandbox.world.bot_removed(ELSEWHERE, by=OWNER_ID)
        told = [update["my_chat_member"] for update in await bot.updates() if "my_chat_member" in update]
    assert [one["new_chat_member"]["status"] for one in told] == ["member", "administrator", "kicked"]
    assert told[1]["new_chat_member"]["can_restrict_members"] is True


async def test_service_messages_tell_of_comings_and_goings_in_groups() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_leaves(GROUP, ANA)
        sandbox.world.person_added(GROUP, ANA, by=OWNER_ID)
        told = [update["message"] for update in await bot.updates()]
    assert told[0]["left_chat_member"]["id"] == ANA
    assert [one["id"] for one in told[1]["new_chat_members"]] == [ANA]


async def test_an_upgrade_is_told_in_the_old_chat_and_in_the_new_one() -> None:
    async with at_work() as (sandbox, bot):
        new = sandbox.world.upgrade_to_supergroup(GROUP)
        told = [update["message"] for update in await bot.updates()]
    assert [(one["chat"]["id"], one.get("migrate_to_chat_id")) for one in told] == [(GROUP, new), (new, None)]
    assert told[1]["migrate_from_chat_id"] == GROUP


async def test_people_start_the_bot_share_their_number_press_buttons_and_block_it() -> None:
    async with at_work() as (sandbox, bot):
        refused = await bot.call("sendMessage", chat_id=ANA, text="early")
        sandbox.world.person_writes(ANA, "/start K7QX")
        sandbox.world.person_shares_contact(ANA)
        sent = (await bot.call("sendMessage", chat_id=ANA, text="مرحبًا")).result
        sandbox.world.person_presses(ANA, "yes", sent["message_id"])
        sandbox.world.person_blocks(ANA)
        blocked = await bot.call("sendMessage", chat_id=ANA, text="late")
        told = await bot.updates()
        answered = await bot.call("answerCallbackQuery", callback_query_id=told[2]["callback_query"]["id"])
    assert refused.refused == (403, "Forbidden: bot can't initiate conversation with a user")
    assert blocked.refused == (403, "Forbidden: bot was blocked by the user")
    assert kinds(told) == ["message", "message", "callback_query", "my_chat_member"]
    assert told[0]["message"]["text"] == "/start K7QX"
    assert told[0]["message"]["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]
    assert told[1]["message"]["contact"]["user_id"] == ANA
    assert told[3]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert answered.result is True
    assert [message.text for message in sandbox.world.bot().outbox] == ["مرحبًا"]


async def test_what_was_confirmed_by_an_offset_is_never_told_again() -> None:
    async with at_work() as (sandbox, bot):
        for number in range(3):
            sandbox.world.person_writes(ANA, f"/start {number}")
        first = await bot.updates(limit=2)
        rest = await bot.updates(offset=first[-1]["update_id"] + 1)
        assert await bot.updates(offset=rest[-1]["update_id"] + 1) == []
        assert await bot.updates() == []
    assert [update["message"]["text"] for update in (*first, *rest)] == ["/start 0", "/start 1", "/start 2"]


async def test_a_long_poll_is_answered_by_what_arrives() -> None:
    async with at_work() as (sandbox, bot):
        waiting = asyncio.create_task(bot.updates(timeout=20))
        await until(lambda: sandbox.journal)
        sandbox.world.person_writes(ANA, "/help")
        assert kinds(await asyncio.wait_for(waiting, LONG)) == ["message"]


async def test_a_second_poller_ends_the_wait_of_the_first() -> None:
    async with at_work() as (sandbox, bot):
        first = asyncio.create_task(bot.call("getUpdates", timeout=20))
        await until(lambda: sandbox.journal)
        second = asyncio.create_task(bot.call("getUpdates", timeout=20))
        assert (await asyncio.wait_for(first, LONG)).refused == (409, TWO_POLLERS)
        sandbox.world.person_writes(ANA, "/help")
        assert len((await asyncio.wait_for(second, LONG)).result) == 1


async def test_a_webhook_is_called_with_its_secret_until_it_answers() -> None:
    async with at_work() as (sandbox, bot), listening(failing_first=2) as (url, heard):
        set_ = await bot.call("setWebhook", url=url, secret_token="s3cret", allowed_updates=EVERYTHING)
        sandbox.world.person_writes(ANA, "/start 1")
        sandbox.world.person_writes(ANA, "/start 2")
        await until(lambda: len(heard) >= 4)
        info = (await bot.call("getWebhookInfo")).result
        polled = await bot.call("getUpdates")
        assert (await bot.call("deleteWebhook")).result is True
        assert (await bot.call("getUpdates")).result == []
    assert set_.result is True
    texts = [update["message"]["text"] for _, update in heard]
    assert texts == ["/start 1", "/start 1", "/start 1", "/start 2"]
    assert {secret for secret, _ in heard} == {"s3cret"}
    assert (info["url"], info["pending_update_count"]) == (url, 0)
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"
    said = (
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    assert polled.refused == (409, f"Conflict: {said}")


async def test_what_a_webhook_missed_is_delivered_once_it_is_there_again() -> None:
    async with at_work() as (sandbox, bot):
        async with listening() as (url, _):
            pass  # Nobody listens there any more.
        await bot.call("setWebhook", url=url)
        sandbox.world.person_writes(ANA, "/start")
        await until(lambda: "last_error_message" in _info(sandbox))
        assert len(sandbox.world.bot().inbox.updates) == 1
        async with listening() as (again, heard):
            await bot.call("setWebhook", url=again)
            await until(lambda: heard)
        await bot.call("deleteWebhook")


def _info(sandbox: Any) -> dict[str, Any]:
    courier = sandbox.world.bot().courier
    return {"last_error_message": courier.last_error} if courier and courier.last_error else {}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"url": "http://example.org/x"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://example.org:9999/x"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            {"url": "https://example.org/x", "secret_token": "a b"},
            "secret token contains unallowed characters",
        ),
        ({"url": "https://example.org/x", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
async def test_a_webhook_telegram_would_not_call_is_refused(params: dict[str, str], said: str) -> None:
    async with at_work() as (_, bot):
        assert (await bot.call("setWebhook", **params)).refused == (400, f"Bad Request: {said}")


async def test_a_webhook_takes_over_from_whoever_fetches() -> None:
    async with at_work() as (sandbox, bot), listening() as (url, _):
        waiting = asyncio.create_task(bot.call("getUpdates", timeout=20))
        await until(lambda: sandbox.journal)
        await bot.call("setWebhook", url=url)
        ended = await asyncio.wait_for(waiting, LONG)
        await bot.call("deleteWebhook")
    assert ended.refused == (409, "Conflict: terminated by setWebhook request")


async def test_a_supergroup_change_hides_the_end_of_somebody_elses_link() -> None:
    async with at_work() as (sandbox, bot):
        await bot.updates(allowed_updates=EVERYTHING)
        owners = sandbox.world.primary_link(sandbox.world.chats[SUPER], OWNER_ID)
        sandbox.world.person_leaves(SUPER, ANA)
        sandbox.world.person_joins(SUPER, ANA, owners)
        told = [update["chat_member"] for update in await bot.updates() if "chat_member" in update]
    shown = told[-1]["invite_link"]["invite_link"]
    assert shown.endswith("...")
    assert shown != owners.url


async def test_taking_somebody_out_is_told_as_a_short_ban_and_its_end() -> None:
    async with at_work() as (_, bot):
        await bot.updates(allowed_updates=EVERYTHING)
        await bot.call("unbanChatMember", chat_id=SUPER, user_id=ANA)
        told = [update["chat_member"] for update in await bot.updates() if "chat_member" in update]
    assert [one["new_chat_member"]["status"] for one in told] == ["kicked", "left"]


async def test_a_restricted_member_is_still_inside() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_restricted(SUPER, ANA, by=OWNER_ID)
        seen = (await bot.call("getChatMember", chat_id=SUPER, user_id=ANA)).result
    assert (seen["status"], seen["is_member"]) == ("restricted", True)


async def test_a_bot_that_is_no_administrator_hears_only_commands() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.bot_demoted(GROUP, by=OWNER_ID)
        await bot.updates(offset=-1)
        for chat in (GROUP, SUPER):
            sandbox.world.person_writes_in(chat, ANA, "good morning")
            sandbox.world.person_writes_in(chat, ANA, "/help")
        sandbox.world.chat_renamed(GROUP, "Drivers of Riyadh", by=OWNER_ID)
        told = [update["message"] for update in await bot.updates() if "message" in update]
    heard = [(one["chat"]["id"], one.get("text", one.get("new_chat_title"))) for one in told]
    assert heard == [
        (GROUP, "/help"),
        (SUPER, "good morning"),
        (SUPER, "/help"),
        (GROUP, "Drivers of Riyadh"),
    ]
