"""The few reads the Bot API offers on chats and members, each checked to be about what was asked."""

from __future__ import annotations

from telegram import ChatFullInfo, ChatMember, User

from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.objects import Standing, standing_of
from connectors.errors import Unavailable

MEMBER = "getChatMember"
ADMINISTRATORS = "getChatAdministrators"
CHAT = "getChat"


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

    async def administrators(self, chat_id: str) -> Answer[tuple[ChatMember, ...]]:
        """Read the creator and the admins of a chat; of the bots among them, only this one."""
        return await self._client.ask(ADMINISTRATORS, self._client.bot.get_chat_administrators(int(chat_id)))


def others_in_charge(administrators: tuple[ChatMember, ...], user_id: str) -> bool:
    """Whether a human creator or admin remains without this account."""
    return any(
        standing_of(one) in (Standing.CREATOR, Standing.ADMIN)
        and not one.user.is_bot
        and str(one.user.id) != user_id
        for one in administrators
    )
