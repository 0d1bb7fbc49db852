"""The few reads the Bot API offers on chats and members, each checked to be about what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telegram import ChatFullInfo, ChatMember, User

from connectors.chat.telegram.answers import NOT_A_PARTICIPANT
from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.objects import PRESENT, Standing, may, standing_of
from connectors.errors import Unavailable

MEMBER = "getChatMember"
ADMINISTRATORS = "getChatAdministrators"
CHAT = "getChat"


@dataclass(frozen=True, slots=True)
class Place:
    """What the bot is in one chat; `member` is None where it is no admin of a basic group."""

    inside: bool
    member: ChatMember | None

    def may(self, right: str) -> bool:
        """Whether the bot has a right such as `can_restrict_members` there."""
        return self.member is not None and may(self.member, right)


class Reading:
    """Reads by numeric id only; an answer about somebody else is no answer."""

    def __init__(self, client: TelegramClient) -> None:
        self._client = client
        self._me: User | None = None

    async def me(self) -> User:
        """Give the bot's own account, asked for once; raises BadCredentials, Unavailable."""
        if self._me is None:
            self._me = (await self._client.ask("getMe", self._client.bot.get_me())).result()
        return self._me

    def forget_me(self) -> None:
        """Ask again next time."""
        self._me = None

    async def chat(self, chat_id: str) -> Answer[ChatFullInfo]:
        """Read a chat; a bot that may invite gets its own primary link with it, which is a secret."""
        answer = await self._client.ask(CHAT, self._client.bot.get_chat(int(chat_id)))
        if answer.value is not None and str(answer.value.id) != chat_id:
            raise Unavailable(f"{CHAT}: asked for one chat, answered with another; wait and try again")
        return answer

    async def member(self, chat_id: str, user_id: str) -> Answer[ChatMember]:
        """Read one account in one chat."""
        answer = await self._client.ask(MEMBER, self._client.bot.get_chat_member(int(chat_id), int(user_id)))
        if answer.value is not None and str(answer.value.user.id) != user_id:
            raise Unavailable(f"{MEMBER}: asked for one account, answered with another; wait and try again")
        return answer

    async def bot_in(self, chat_id: str, *, basic: bool) -> Answer[Place]:
        """Read what the bot is in a chat.

        Of a basic group the admins are asked for: one that was upgraded still answers for the bot itself,
        and says only there that it has moved. Only whoever is inside gets that answer.
        """
        own = str((await self.me()).id)
        if basic:
            admins = await self.administrators(chat_id)
            if admins.value is None:
                return refused(admins)
            mine = next((admin for admin in admins.value if str(admin.user.id) == own), None)
            return Answer(admins.method, admins.exchange, Place(inside=True, member=mine))
        seen = await self.member(chat_id, own)
        if seen.value is None and seen.error != NOT_A_PARTICIPANT:
            return refused(seen)
        inside = seen.value is not None and standing_of(seen.value) in PRESENT
        return Answer(seen.method, seen.exchange, Place(inside, seen.value))

    async def administrators(self, chat_id: str) -> Answer[tuple[ChatMember, ...]]:
        """Read the creator and the admins of a chat; of the bots among them, only this one."""
        return await self._client.ask(ADMINISTRATORS, self._client.bot.get_chat_administrators(int(chat_id)))


def refused(answer: Answer[Any]) -> Answer[Any]:
    """Give a refusal on, without the type of the value it does not have."""
    return Answer(answer.method, answer.exchange, error=answer.error, moved_to=answer.moved_to)


def others_in_charge(administrators: tuple[ChatMember, ...], user_id: str) -> bool:
    """Whether a human creator or admin remains without this account."""
    return any(
        standing_of(one) in (Standing.CREATOR, Standing.ADMIN)
        and not one.user.is_bot
        and one.user.first_name  # a deleted account keeps its place and loses its name
        and str(one.user.id) != user_id
        for one in administrators
    )
