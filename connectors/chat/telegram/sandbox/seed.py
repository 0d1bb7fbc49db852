"""Worlds to begin with: the base one, one read from JSON, and a snapshot of one for tests and the demo."""

from __future__ import annotations

import dataclasses
from typing import Any

from connectors.chat.telegram.sandbox.rights import BOT_ADMIN
from connectors.chat.telegram.sandbox.world import World

BOT_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"  # noqa: S105 - opens nothing but this sandbox
BOT_ID = 110201543
OWNER_ID = 5_000_000
"""The person who owns every chat of which nothing else is said."""


def base_world() -> World:
    """Give a world with the bot, and a person who owns chats."""
    world = World()
    world.add_bot(BOT_TOKEN, "bawab_bot")
    world.add_user("Owner", id_=OWNER_ID)
    return world


def from_seed(seed: dict[str, Any]) -> World:
    """Build a world from JSON: `users` (their fields), `chats` (type, title, creator, members, bot_rights).

    `bot_rights` null or left out gives the bot all it needs; an empty list makes it a plain member. Where
    `bot_added_by` names a user, that one has just added it, and its first update says so.
    """
    world = base_world()
    for row in seed.get("users", ()):
        fields = dict(row)
        world.add_user(fields.pop("first_name", ""), id_=fields.pop("id", None), **fields)
    for row in seed.get("chats", ()):
        fields = dict(row)
        rights = fields.pop("bot_rights", None)
        given = BOT_ADMIN if rights is None else frozenset(rights) or None
        type_, title = fields.pop("type", "supergroup"), fields.pop("title", "")
        creator, id_ = fields.pop("creator", OWNER_ID), fields.pop("id", None)
        added_by = fields.pop("bot_added_by", None)
        bots = {BOT_ID: given} if added_by is None else {}
        chat = world.add_chat(type_, title, creator, id_=id_, bots=bots, **fields)
        if added_by is not None:
            world.bot_added(chat.id, added_by, given)
    return world


def snapshot(world: World) -> dict[str, Any]:
    """Give the whole state without tokens and links."""
    chats = [
        {
            "id": chat.id,
            "type": chat.type,
            "title": chat.title,
            "migrated_to": chat.migrated_to,
            "deleted": chat.deleted,
            "members": {str(user): member.status.value for user, member in chat.members.items()},
            "join_requests": sorted(chat.requests),
        }
        for chat in world.chats.values()
    ]
    return {"users": [dataclasses.asdict(user) for user in world.users.values()], "chats": chats}
