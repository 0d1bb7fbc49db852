"""What the sandbox does and refuses when a bot bans, unbans and promotes, in the real server's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.chat.telegram.sandbox import BOT_ID, OWNER_ID, CannotJoin, Status, World
from tests.connectors.telegram.sandbox_calls import (
    ANA,
    BADR,
    CARLA,
    CHANNEL,
    ELSEWHERE,
    GROUP,
    STRANGER,
    SUPER,
    at_work,
    office,
)

Arrange = Callable[[World], object]


def _nothing(_: World) -> None:
    """As the office is."""


def _hide_members(world: World) -> None:
    world.bot_demoted(SUPER, OWNER_ID)
    world.chats[SUPER].hidden_members = True


REFUSALS: list[tuple[str, Arrange, str, int, int, tuple[int, str]]] = [
    ("the owner", _nothing, "banChatMember", SUPER, OWNER_ID, (400, "Bad Request: can't remove chat owner")),
    ("the bot", _nothing, "banChatMember", SUPER, BOT_ID, (400, "Bad Request: can't restrict self")),
    ("unmet", _nothing, "banChatMember", SUPER, STRANGER, (400, "Bad Request: member not found")),
    ("unmet in a group", _nothing, "banChatMember", GROUP, STRANGER, (400, "Bad Request: user not found")),
    ("no id", _nothing, "banChatMember", SUPER, 0, (400, "Bad Request: invalid user_id specified")),
    ("no chat", _nothing, "banChatMember", -999, ANA, (400, "Bad Request: chat not found")),
    ("elsewhere", _nothing, "banChatMember", ELSEWHERE, ANA, (400, "Bad Request: chat not found")),
    (
        "an administrator somebody else made",
        lambda world: world.person_promoted(SUPER, ANA, OWNER_ID),
        "banChatMember",
        SUPER,
        ANA,
        (400, "Bad Request: user is an administrator of the chat"),
    ),
    (
        "no right to restrict",
        lambda world: world.bot_demoted(SUPER, OWNER_ID, frozenset({"can_invite_users"})),
        "banChatMember",
        SUPER,
        ANA,
        (400, "Bad Request: not enough rights to restrict/unrestrict chat member"),
    ),
    (
        "a plain member of a basic group",
        lambda world: world.bot_demoted(GROUP, OWNER_ID),
        "banChatMember",
        GROUP,
        ANA,
        (400, "Bad Request: CHAT_ADMIN_REQUIRED"),
    ),
    (
        "gone from a basic group",
        lambda world: world.person_leaves(GROUP, ANA),
        "banChatMember",
        GROUP,
        ANA,
        (400, "Bad Request: USER_NOT_PARTICIPANT"),
    ),
    (
        "a plain subscriber of a channel",
        lambda world: world.bot_demoted(CHANNEL, OWNER_ID),
        "getChatMember",
        CHANNEL,
        ANA,
        (400, "Bad Request: member list is inaccessible"),
    ),
    (
        "thrown out of a group",
        lambda world: world.bot_removed(GROUP, OWNER_ID),
        "getChatMember",
        GROUP,
        ANA,
        (403, "Forbidden: bot was kicked from the group chat"),
    ),
    (
        "thrown out of a supergroup",
        lambda world: world.bot_removed(SUPER, OWNER_ID),
        "banChatMember",
        SUPER,
        ANA,
        (403, "Forbidden: bot was kicked from the supergroup chat"),
    ),
    (
        "left a channel",
        lambda world: world.person_leaves(CHANNEL, BOT_ID),
        "banChatMember",
        CHANNEL,
        ANA,
        (403, "Forbidden: bot is not a member of the channel chat"),
    ),
    (
        "a deleted group",
        lambda world: world.delete_chat(GROUP),
        "banChatMember",
        GROUP,
        ANA,
        (403, "Forbidden: the group chat was deleted"),
    ),
    (
        "unban in a basic group",
        _nothing,
        "unbanChatMember",
        GROUP,
        ANA,
        (400, "Bad Request: method is available for supergroup and channel chats only"),
    ),
    (
        "promote in a basic group",
        _nothing,
        "promoteChatMember",
        GROUP,
        ANA,
        (400, "Bad Request: method is available for supergroup and channel chats only"),
    ),
    (
        "hidden members",
        _hide_members,
        "getChatMember",
        SUPER,
        ANA,
        (400, "Bad Request: CHAT_ADMIN_REQUIRED"),
    ),
]


@pytest.mark.parametrize(
    ("arrange", "method", "chat", "user", "refused"),
    [row[1:] for row in REFUSALS],
    ids=[row[0] for row in REFUSALS],
)
async def test_it_refuses_what_telegram_refuses(
    arrange: Arrange, method: str, chat: int, user: int, refused: tuple[int, str]
) -> None:
    async with at_work() as (sandbox, bot):
        arrange(sandbox.world)
        inside = {id_: one.inside() for id_, one in sandbox.world.chats.items()}
        assert (await bot.call(method, chat_id=chat, user_id=user)).refused == refused
        assert {id_: one.inside() for id_, one in sandbox.world.chats.items()} == inside
        assert sandbox.effective_removals() == []


@pytest.mark.parametrize("chat", [SUPER, CHANNEL])
async def test_a_ban_bars_the_way_back_until_it_is_lifted(chat: int) -> None:
    async with at_work() as (sandbox, bot):
        link = sandbox.world.primary_link(sandbox.world.chats[chat], OWNER_ID)
        assert (await bot.call("banChatMember", chat_id=chat, user_id=ANA)).result is True
        seen = (await bot.call("getChatMember", chat_id=chat, user_id=ANA)).result
        with pytest.raises(CannotJoin):
            sandbox.world.person_joins(chat, ANA, link)
        lifted = await bot.call("unbanChatMember", chat_id=chat, user_id=ANA, only_if_banned=True)
        sandbox.world.person_joins(chat, ANA, link)
    assert (seen["status"], seen["until_date"]) == ("kicked", 0)
    assert lifted.result is True
    assert ANA in sandbox.world.chats[chat].inside()


async def test_a_ban_in_a_basic_group_only_takes_out() -> None:
    async with at_work() as (sandbox, bot):
        link = sandbox.world.primary_link(sandbox.world.chats[GROUP], OWNER_ID)
        assert (await bot.call("banChatMember", chat_id=GROUP, user_id=ANA)).result is True
        seen = (await bot.call("getChatMember", chat_id=GROUP, user_id=ANA)).result
        sandbox.world.person_joins(GROUP, ANA, link)
    assert seen["status"] == "left"
    assert ANA in sandbox.world.chats[GROUP].inside()


async def test_an_unban_takes_a_member_out_unless_it_is_only_for_the_banned() -> None:
    async with at_work() as (sandbox, bot):
        chat = sandbox.world.chats[SUPER]
        assert (await bot.call("unbanChatMember", chat_id=SUPER, user_id=ANA, only_if_banned=True)).result
        assert ANA in chat.inside()
        assert (await bot.call("unbanChatMember", chat_id=SUPER, user_id=ANA)).result
        assert chat.member(ANA).status is Status.LEFT
    assert sandbox.effective_removals() == [(SUPER, ANA)]


async def test_banning_twice_and_banning_who_has_left_are_both_told_true() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_leaves(SUPER, ANA)
        for _ in range(2):
            assert (await bot.call("banChatMember", chat_id=SUPER, user_id=ANA)).result is True
        assert sandbox.world.chats[SUPER].member(ANA).status is Status.KICKED
    assert [entry.effect for entry in sandbox.calls("banChatMember")] == ["done", "none"]


async def test_a_short_or_very_long_ban_is_for_ever_and_one_between_is_kept() -> None:
    async with at_work() as (sandbox, bot):
        date = sandbox.world.date()
        for user, ahead in ((ANA, 5), (BADR, 3600), (CARLA, 400 * 24 * 3600)):
            await bot.call("banChatMember", chat_id=SUPER, user_id=user, until_date=date + ahead)
        members = sandbox.world.chats[SUPER].members
        assert [members[user].until for user in (ANA, BADR, CARLA)] == [0, date + 3600, 0]


async def promote(bot: Any, user: int, **rights: bool) -> Any:
    return await bot.call("promoteChatMember", chat_id=SUPER, user_id=user, **rights)


async def test_the_bot_makes_changes_and_bans_administrators_it_made_itself_directly_or_not() -> None:
    async with at_work() as (sandbox, bot):
        chat = sandbox.world.chats[SUPER]
        assert (await promote(bot, ANA, can_manage_chat=True, can_restrict_members=True)).result is True
        sandbox.world.person_promoted(SUPER, BADR, by=ANA)
        admins = (await bot.call("getChatAdministrators", chat_id=SUPER)).result
        editable = {one["user"]["id"]: one.get("can_be_edited") for one in admins}
        assert (await promote(bot, BADR)).result is True
        assert chat.member(BADR).status is Status.MEMBER
        assert (await bot.call("banChatMember", chat_id=SUPER, user_id=ANA)).result is True
        assert chat.member(ANA).status is Status.KICKED
    assert editable == {OWNER_ID: None, BOT_ID: False, ANA: True, BADR: True}


@pytest.mark.parametrize(
    ("user", "rights", "refused"),
    [
        (OWNER_ID, {"can_manage_chat": True}, "Bad Request: can't remove chat owner"),
        (BOT_ID, {"can_manage_chat": True}, "Bad Request: can't promote self"),
        (CARLA, {"can_manage_chat": True}, "Bad Request: CHAT_ADMIN_REQUIRED"),
        (CARLA, {}, "Bad Request: CHAT_ADMIN_REQUIRED"),
        (ANA, {"can_delete_messages": True}, "Bad Request: RIGHT_FORBIDDEN"),
        (BADR, {"can_manage_chat": True}, "Bad Request: USER_NOT_PARTICIPANT"),
    ],
    ids=["owner", "self", "another's", "another's, demoted", "a right it has not", "somebody outside"],
)
async def test_it_refuses_promotions_the_bot_has_no_right_to(
    user: int, rights: dict[str, bool], refused: str
) -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.person_promoted(SUPER, CARLA, by=OWNER_ID)
        sandbox.world.person_leaves(SUPER, BADR)
        assert (await promote(bot, user, **rights)).refused == (400, refused)


async def test_without_the_right_to_promote_nobody_is_promoted() -> None:
    async with at_work() as (sandbox, bot):
        sandbox.world.bot_demoted(SUPER, OWNER_ID, frozenset({"can_restrict_members"}))
        assert (await promote(bot, ANA, can_manage_chat=True)).refused == (
            400,
            "Bad Request: not enough rights",
        )


async def test_an_upgraded_group_says_where_it_went() -> None:
    async with at_work() as (sandbox, bot):
        new = sandbox.world.upgrade_to_supergroup(GROUP)
        old = await bot.call("banChatMember", chat_id=GROUP, user_id=ANA)
        still_named = (await bot.call("getChat", chat_id=GROUP)).result
        moved = await bot.call("banChatMember", chat_id=new, user_id=ANA)
    assert old.refused == (400, "Bad Request: group chat was upgraded to a supergroup chat")
    assert old.body["parameters"] == {"migrate_to_chat_id": new}
    assert still_named["type"] == "group"
    assert moved.result is True
    assert ANA not in sandbox.world.chats[new].inside()


def test_a_new_owner_holds_the_chat_and_the_old_one_can_then_be_managed() -> None:
    world = office()
    world.owner_changes(SUPER, ANA)
    chat = world.chats[SUPER]
    assert chat.member(ANA).status is Status.CREATOR
    assert chat.member(OWNER_ID).status is Status.ADMINISTRATOR
    assert chat.can_edit(ANA, OWNER_ID)
