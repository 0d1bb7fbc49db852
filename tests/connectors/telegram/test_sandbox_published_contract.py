"""Whatever the sandbox answers has the shape Telegram publishes: fields, types, and nothing undocumented."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.chat.telegram.sandbox import BOT_ADMIN, OWNER_ID, Member, Status
from connectors.chat.telegram.sandbox.methods import METHODS
from tests.connectors.telegram.sandbox_calls import ANA, BADR, CARLA, CHANNEL, GROUP, STRANGER, SUPER, at_work
from tests.connectors.telegram.sandbox_listener import listening

_SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
_REFERENCE = _SPECS / "telegram" / "api.min.json"
# Written by the real server (Client.cpp) for old clients, though no longer documented.
_LEGACY = {
    "Chat": {"all_members_are_administrators", "accepted_gift_types"},
    "ChatFullInfo": {"all_members_are_administrators"},
    "ChatMemberAdministrator": {"can_manage_voice_chats"},
    "ChatMemberRestricted": {"can_send_media_messages"},
    "ChatPermissions": {"can_send_media_messages"},
    "Message": {"new_chat_participant", "new_chat_member", "left_chat_participant"},
}
_PLAIN = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": float}
_STATUSES = {
    "creator": "ChatMemberOwner",
    "administrator": "ChatMemberAdministrator",
    "member": "ChatMemberMember",
    "restricted": "ChatMemberRestricted",
    "left": "ChatMemberLeft",
    "kicked": "ChatMemberBanned",
}
EVERYTHING = [
    "message",
    "channel_post",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "callback_query",
]

pytestmark = pytest.mark.skipif(
    not _REFERENCE.is_file(),
    reason=f"Telegram's method reference is not at {_REFERENCE}; set BAWAB_SPECS to the folder that holds it",
)


@cache
def reference() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return read


def wrong(type_: str, value: Any, at: str) -> Iterator[str]:
    """Say everything in a value that its published type does not allow."""
    if type_.startswith("Array of "):
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no {type_}"
            return
        for place, item in enumerate(value):
            yield from wrong(type_.removeprefix("Array of "), item, f"{at}[{place}]")
    elif type_ in _PLAIN:
        if type(value) is not _PLAIN[type_]:
            yield f"{at}: {value!r} is no {type_}"
    else:
        yield from _wrong_object(type_, value, at)


def _wrong_object(type_: str, value: Any, at: str) -> Iterator[str]:
    if type_ == "ChatMember":
        type_ = _STATUSES[value["status"]]
    elif type_ == "MaybeInaccessibleMessage":
        type_ = "Message"
    fields = {field["name"]: field for field in reference()["types"][type_].get("fields", [])}
    for name, field in fields.items():
        if name not in value and field["required"]:
            yield f"{at}: {type_} lacks {name}"
    for name, item in value.items():
        if name in _LEGACY.get(type_, ()):
            continue
        if name not in fields:
            yield f"{at}: {type_} has no {name}"
            continue
        complaints = [list(wrong(one, item, f"{at}.{name}")) for one in fields[name]["types"]]
        yield from min(complaints, key=len)


def complaints(method: str, result: Any) -> list[str]:
    """Hold a result against what the method is published to return: one of its types must fit."""
    types = reference()["methods"][method]["returns"]
    return min((list(wrong(type_, result, method)) for type_ in types), key=len)


def test_every_method_and_parameter_kept_here_is_published() -> None:
    assert set(METHODS) <= set(reference()["methods"])


async def test_every_answer_about_chats_members_and_links_has_its_published_shape() -> None:
    asked: list[tuple[str, dict[str, Any]]] = [("getMe", {}), ("getChat", {"chat_id": ANA})]
    for chat in (GROUP, SUPER, CHANNEL):
        asked += [("getChat", {"chat_id": chat}), ("getChatAdministrators", {"chat_id": chat})]
        asked += [("getChatMember", {"chat_id": chat, "user_id": user}) for user in (OWNER_ID, ANA, CARLA)]
        asked += [("getChatMemberCount", {"chat_id": chat}), ("exportChatInviteLink", {"chat_id": chat})]
        limited = {"chat_id": chat, "member_limit": 1, "name": "one"}
        asked += [("createChatInviteLink", limited)]
    asked += [
        ("banChatMember", {"chat_id": SUPER, "user_id": CARLA}),
        ("getChatMember", {"chat_id": SUPER, "user_id": CARLA}),
        ("getChatMember", {"chat_id": SUPER, "user_id": BADR}),
        ("unbanChatMember", {"chat_id": SUPER, "user_id": CARLA}),
        ("promoteChatMember", {"chat_id": SUPER, "user_id": ANA, "can_manage_chat": True}),
        ("sendMessage", {"chat_id": ANA, "text": "x"}),
        ("sendMessage", {"chat_id": SUPER, "text": "x"}),
        ("setMyCommands", {"commands": [{"command": "help", "description": "x"}]}),
        ("getWebhookInfo", {}),
    ]
    async with at_work() as (sandbox, bot):
        sandbox.world.person_writes(ANA, "/start")
        sandbox.world.settle_in(sandbox.world.chats[SUPER], BADR, Member(Status.RESTRICTED))
        sandbox.world.link_discussion(CHANNEL, SUPER)
        said = [(method, (await bot.call(method, **params)).result) for method, params in asked]
        link = next(result for method, result in said if method == "createChatInviteLink")
        gone = await bot.call("revokeChatInviteLink", chat_id=GROUP, invite_link=link["invite_link"])
        said.append(("revokeChatInviteLink", gone.result))
    assert [wrong_ for method, result in said for wrong_ in complaints(method, result)] == []


async def test_every_update_has_its_published_shape() -> None:
    async with at_work() as (sandbox, bot):
        world = sandbox.world
        await bot.updates(allowed_updates=EVERYTHING)
        for act in (
            lambda: world.person_writes(ANA, "/start X"),
            lambda: world.person_shares_contact(ANA),
            lambda: world.person_presses(ANA, "yes", 1),
            lambda: world.person_blocks(ANA),
            lambda: world.person_leaves(SUPER, ANA),
            lambda: world.person_joins(SUPER, ANA, world.primary_link(world.chats[SUPER], OWNER_ID)),
            lambda: world.person_asks_to_join(SUPER, STRANGER, world.new_link(world.chats[SUPER], OWNER_ID)),
            lambda: world.bot_demoted(CHANNEL, OWNER_ID),
            lambda: world.bot_removed(CHANNEL, OWNER_ID),
            lambda: world.bot_added(CHANNEL, OWNER_ID, BOT_ADMIN),
            lambda: world.upgrade_to_supergroup(GROUP),
        ):
            act()
        updates = await bot.updates()
    kinds = {key for update in updates for key in update} - {"update_id"}
    assert kinds == {"message", "callback_query", "my_chat_member", "chat_member", "chat_join_request"}
    assert [said for update in updates for said in wrong("Update", update, "update")] == []


async def test_the_state_of_a_failing_webhook_has_its_published_shape() -> None:
    async with at_work() as (sandbox, bot), listening(failing_first=99) as (url, heard):
        await bot.call("setWebhook", url=url, allowed_updates=["message"])
        sandbox.world.person_writes(ANA, "/start")
        info = {"url": url}
        while not heard or "last_error_message" not in info:
            info = (await bot.call("getWebhookInfo")).result
        await bot.call("deleteWebhook")
    assert complaints("getWebhookInfo", info) == []


def test_a_shape_that_is_wrong_is_noticed() -> None:
    assert list(wrong("User", {"id": "7", "is_bot": False}, "u")) == [
        "u: User lacks first_name",
        "u.id: '7' is no Integer",
    ]
    assert list(wrong("Chat", {"id": 1, "type": "group", "colour": "red"}, "c")) == ["c: Chat has no colour"]
