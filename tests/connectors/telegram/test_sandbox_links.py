"""Invite links and join requests in the sandbox: whose they are, what closes them, and who is let in."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.chat.telegram.sandbox import OWNER_ID, CannotJoin, InviteLink, Sandbox
from tests.connectors.telegram.sandbox_calls import ANA, GROUP, STRANGER, SUPER, at_work

ANY_CHAT = pytest.mark.parametrize("chat", [GROUP, SUPER])


def behind(sandbox: Sandbox, url: str) -> InviteLink:
    """Give the link itself, as a person who kept the address has it."""
    links = (link for chat in sandbox.world.chats.values() for link in chat.links)
    return next(link for link in links if link.url == url)


@ANY_CHAT
async def test_a_new_primary_link_closes_the_old_one_and_nobody_elses(chat: int) -> None:
    async with at_work() as (sandbox, bot):
        owners = sandbox.world.primary_link(sandbox.world.chats[chat], OWNER_ID)
        old = (await bot.call("getChat", chat_id=chat)).result["invite_link"]
        new = (await bot.call("exportChatInviteLink", chat_id=chat)).result
        assert (await bot.call("getChat", chat_id=chat)).result["invite_link"] == new
        with pytest.raises(CannotJoin):
            sandbox.world.person_joins(chat, STRANGER, behind(sandbox, old))
        sandbox.world.person_joins(chat, STRANGER, owners)
    assert STRANGER in sandbox.world.chats[chat].inside()


async def test_a_link_for_one_person_lets_one_person_in() -> None:
    async with at_work() as (sandbox, bot):
        made = (await bot.call("createChatInviteLink", chat_id=SUPER, name="Ana", member_limit=1)).result
        sandbox.world.person_leaves(SUPER, ANA)
        sandbox.world.person_joins(SUPER, ANA, behind(sandbox, made["invite_link"]))
        with pytest.raises(CannotJoin):
            sandbox.world.person_joins(SUPER, STRANGER, behind(sandbox, made["invite_link"]))
    assert (made["name"], made["member_limit"], made["is_primary"]) == ("Ana", 1, False)


async def test_a_link_with_an_end_leads_nowhere_after_it() -> None:
    async with at_work() as (sandbox, bot):
        ends = sandbox.world.date() + 60
        made = (await bot.call("createChatInviteLink", chat_id=SUPER, expire_date=ends)).result
        sandbox.world.now = lambda: ends + 1.0
        with pytest.raises(CannotJoin):
            sandbox.world.person_joins(SUPER, STRANGER, behind(sandbox, made["invite_link"]))


async def test_a_revoked_link_leads_nowhere_and_can_be_revoked_again() -> None:
    async with at_work() as (sandbox, bot):
        made = (await bot.call("createChatInviteLink", chat_id=SUPER)).result["invite_link"]
        for _ in range(2):
            gone = (await bot.call("revokeChatInviteLink", chat_id=SUPER, invite_link=made)).result
            assert gone["is_revoked"] is True
        with pytest.raises(CannotJoin):
            sandbox.world.person_joins(SUPER, STRANGER, behind(sandbox, made))


async def test_a_bot_cannot_revoke_somebody_elses_link() -> None:
    async with at_work() as (sandbox, bot):
        owners = sandbox.world.primary_link(sandbox.world.chats[SUPER], OWNER_ID)
        asked = await bot.call("revokeChatInviteLink", chat_id=SUPER, invite_link=owners.url)
    assert asked.refused == (400, "Bad Request: INVITE_HASH_EXPIRED")
    assert not owners.is_revoked


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("exportChatInviteLink", {}),
        ("createChatInviteLink", {}),
        ("revokeChatInviteLink", {"invite_link": "https://t.me/+x"}),
    ],
)
async def test_links_need_the_right_to_invite(method: str, params: dict[str, Any]) -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.bot_demoted(SUPER, OWNER_ID, frozenset({"can_restrict_members"}))
        asked = await bot.call(method, chat_id=SUPER, **params)
    assert asked.refused == (400, "Bad Request: not enough rights to manage chat invite link")


async def test_a_link_is_either_limited_or_by_request() -> None:
    async with at_work() as (_, bot):
        asked = await bot.call(
            "createChatInviteLink", chat_id=SUPER, member_limit=1, creates_join_request=True
        )
    said = "Bad Request: member limit can't be specified for links requiring administrator approval"
    assert asked.refused == (400, said)


async def test_whoever_asks_to_join_waits_for_the_bots_answer() -> None:
    async with at_work() as (sandbox, bot):
        made = (await bot.call("createChatInviteLink", chat_id=SUPER, creates_join_request=True)).result
        sandbox.world.person_joins(SUPER, STRANGER, behind(sandbox, made["invite_link"]))
        assert STRANGER not in sandbox.world.chats[SUPER].inside()
        (told,) = await bot.updates()
        assert (await bot.call("approveChatJoinRequest", chat_id=SUPER, user_id=STRANGER)).result is True
        again = await bot.call("approveChatJoinRequest", chat_id=SUPER, user_id=STRANGER)
    assert told["chat_join_request"]["from"]["id"] == STRANGER
    assert told["chat_join_request"]["invite_link"]["invite_link"] == made["invite_link"]
    assert STRANGER in sandbox.world.chats[SUPER].inside()
    assert again.refused == (400, "Bad Request: USER_ALREADY_PARTICIPANT")


async def test_a_declined_request_cannot_be_answered_again() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_asks_to_join(SUPER, STRANGER)
        assert (await bot.call("declineChatJoinRequest", chat_id=SUPER, user_id=STRANGER)).result is True
        again = await bot.call("declineChatJoinRequest", chat_id=SUPER, user_id=STRANGER)
    assert again.refused == (400, "Bad Request: HIDE_REQUESTER_MISSING")
    assert STRANGER not in sandbox.world.chats[SUPER].inside()


async def test_whoever_is_barred_can_neither_ask_nor_be_approved_for_an_older_request() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_asks_to_join(SUPER, STRANGER)
        await bot.call("banChatMember", chat_id=SUPER, user_id=STRANGER)
        asked = await bot.call("approveChatJoinRequest", chat_id=SUPER, user_id=STRANGER)
        with pytest.raises(CannotJoin):
            sandbox.world.person_asks_to_join(SUPER, STRANGER)
    assert asked.refused == (400, "Bad Request: USER_KICKED")
