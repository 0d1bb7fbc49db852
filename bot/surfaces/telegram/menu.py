"""The commands Telegram offers: to everybody those that tie an account, to each person those they may use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from telegram import BotCommand, BotCommandScope, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import TelegramError

from bot.access.actor import Actor
from bot.locale import N_, Translator, translator
from bot.locale.catalogue import LANGUAGES
from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.reading import UNREADABLE
from connectors.errors import ConnectorError
from connectors.wire import AnswerLost
from policies.roles import Permission

OFFBOARD, STATUS, MY_GROUPS, LINK, HELP = "offboard", "status", "mygroups", "link", "help"
TITLES: dict[str, str] = {
    OFFBOARD: N_("End somebody's access to every group, on a day you choose"),
    STATUS: N_("Where things stand, and what needs you"),
    MY_GROUPS: N_("Your groups, and what only you can do"),
    LINK: N_("Tie this account to your staff record"),
    HELP: N_("What you can do here"),
}
_TRIES = (TelegramError, ConnectorError, AnswerLost, *UNREADABLE)


def commands_for(who: Actor | None) -> Iterator[str]:
    """Name the commands somebody may use, the most used first; a stranger's are those that tie an account."""
    if who is not None and who.may(Permission.CASE_OPEN):
        yield OFFBOARD
    if who is not None:
        yield STATUS
    if who is not None and who.may(Permission.OWN_GROUPS):
        yield MY_GROUPS
    yield LINK
    yield HELP


class Menu:
    """Tells Telegram what to offer, once for everybody and once for each person whose rights changed."""

    def __init__(self, connector: SpeaksTelegram) -> None:
        self._bot = connector.bot
        self._told: dict[str, tuple[str, ...]] = {}
        """account → language and commands it was told; after a restart each is told again, once."""
        self._once = asyncio.Lock()

    async def for_everybody(self) -> None:
        """Offer strangers what they may do, in each language; English where Telegram knows no other."""
        async with self._once:
            if "" in self._told:
                return
            for language in LANGUAGES:
                code = None if language == "en" else language
                await self._tell(BotCommandScopeAllPrivateChats(), None, translator(language), code)
            self._told[""] = ()

    async def for_one(self, account_id: str, who: Actor | None, t: Translator) -> None:
        """Offer this person their own, in their language, where that is not what they are offered already."""
        wanted = (t.language, *commands_for(who))
        if self._told.get(account_id) == wanted:
            return
        if await self._tell(BotCommandScopeChat(int(account_id)), who, t, None):
            self._told[account_id] = wanted

    async def _tell(
        self, scope: BotCommandScope, who: Actor | None, t: Translator, language: str | None
    ) -> bool:
        commands = [BotCommand(name, t.text(TITLES[name])) for name in commands_for(who)]
        try:
            await self._bot.set_my_commands(commands, scope=scope, language_code=language)
        except _TRIES:
            return False  # a menu is a comfort: every command works without it
        return True
