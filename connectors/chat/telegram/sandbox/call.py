"""One call as a handler sees it: which bot asks, what it may reach, and how its effect comes about."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from connectors.chat.telegram.sandbox.faults import Fault, FaultKind
from connectors.chat.telegram.sandbox.state import Bot, Chat, Member, Status, User
from connectors.chat.telegram.sandbox.world import World
from connectors.sandboxing import Pending

GONE = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


class Refused(Exception):
    """Telegram's `ok: false`: HTTP status, description and parameters."""

    def __init__(self, description: str, code: int = 400, **parameters: Any) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters


class Access(IntEnum):
    """What a method wants of a chat; the server checks it before anything else."""

    READ = 1
    MEMBERS = 2
    """Reading who is in it."""
    WRITE = 3


@dataclass(slots=True)
class Call:
    """A call that passed the door: its method, its parameters as strings, its bot."""

    method: str
    params: Mapping[str, str]
    bot: Bot
    world: World
    pending: Pending
    fault: Fault | None = None
    effect: str = "none"
    """What the journal says: `none`, `done`, `kept`, `delayed`."""

    @property
    def me(self) -> int:
        """The bot's own account."""
        return self.bot.user

    def text(self, name: str) -> str:
        """Give a parameter, empty where it was not sent."""
        return self.params.get(name, "")

    def flag(self, name: str) -> bool:
        """Give a boolean as the server reads one."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def number(self, name: str, default: int = 0, least: int | None = None, most: int | None = None) -> int:
        """Give an integer, pressed between its bounds as the server does."""
        try:
            value = int(self.text(name) or default)
        except ValueError:
            value = 0
        value = value if least is None else max(least, value)
        return value if most is None else min(most, value)

    def user_id(self) -> int:
        """Give the parameter `user_id`; whether anybody has that id is another question."""
        value = self.number("user_id", least=0)
        if value == 0:
            raise Refused("Bad Request: invalid user_id specified")
        return value

    def names(self, name: str) -> list[str] | None:
        """Give a JSON list of strings; None where it was not sent or is none."""
        try:
            value = json.loads(self.text(name) or "null")
        except ValueError:
            return None
        return [str(item) for item in value] if isinstance(value, list) else None

    def mine(self, chat: Chat) -> Member:
        """Give what the bot is in a chat."""
        return chat.member(self.me)

    def chat(self, access: Access) -> Chat:
        """Give the group or channel the call names, if the bot may reach it in this manner."""
        wanted = self.text("chat_id")
        if not wanted:
            raise Refused("Bad Request: chat_id is empty")
        chat = self._find(wanted)
        if chat is None or self._never_seen(chat):
            raise Refused("Bad Request: chat not found")
        if chat.type == "group":
            self._reach_group(chat, access)
        else:
            self._reach_supergroup(chat, access)
        return chat

    def bring_about(self, effect: Callable[[], object]) -> None:
        """Do it now, later or not at all, as the fault says."""
        kind = self.fault.kind if self.fault else None
        if kind is FaultKind.OK_BUT_KEPT:
            self.effect = "kept"
        elif kind is FaultKind.DELAYED_EFFECT and self.fault is not None:
            self.pending.due.append((time.monotonic() + self.fault.seconds, effect))
            self.effect = "delayed"
        else:
            effect()
            self.effect = "done"

    def _find(self, wanted: str) -> Chat | None:
        if wanted.startswith("@"):
            named = (chat for chat in self.world.chats.values() if chat.username)
            return next((chat for chat in named if chat.username.lower() == wanted[1:].lower()), None)
        try:
            return self.world.chats.get(int(wanted))
        except ValueError:
            return None

    def _never_seen(self, chat: Chat) -> bool:
        """Whether the bot cannot even name the chat.

        What a deleted supergroup answers is not documented; this is the answer least told from a wrong id.
        """
        if chat.deleted:
            return chat.type != "group"
        return self.me not in chat.members and not chat.username

    def _reach_group(self, chat: Chat, access: Access) -> None:
        # As check_chat_access of the real server: reading needs nothing, members and writing need everything.
        if access is Access.READ:
            return
        if chat.migrated_to is not None:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(said, migrate_to_chat_id=chat.migrated_to)
        if chat.deleted:
            raise Refused("Forbidden: the group chat was deleted", 403)
        self._inside(chat)

    def _reach_supergroup(self, chat: Chat, access: Access) -> None:
        if self.mine(chat).status is Status.KICKED or access is Access.WRITE or not chat.username:
            self._inside(chat)

    def _inside(self, chat: Chat) -> None:
        mine = self.mine(chat)
        if mine.status is Status.KICKED:
            raise Refused(f"Forbidden: bot was kicked from the {GONE[chat.type]}", 403)
        if not mine.inside:
            raise Refused(f"Forbidden: bot is not a member of the {GONE[chat.type]}", 403)

    def known_person(self, chat: Chat, user_id: int) -> User:
        """Give the account of an id the bot has met; basic groups word their refusal differently."""
        user = self.world.users.get(user_id)
        if user is None or (user_id not in self.bot.met and user_id not in chat.inside() | {self.me}):
            raise Refused(f"Bad Request: {'user' if chat.type == 'group' else 'member'} not found")
        return user
