"""Commands and pressed buttons in a private chat: who it is, whether they may, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.access.actor import Actor, NotAllowed
from bot.access.actors import actor_by_account
from bot.acts.buttons import press
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.locale import N_, Translator, translator
from bot.surfaces.telegram import menu, standing
from bot.surfaces.telegram.chat import PrivateChat
from bot.surfaces.telegram.guesses import MOST_WRONG, Guesses
from bot.surfaces.telegram.meanings import Asked, AskedInGroup, Pressed
from bot.surfaces.telegram.offboarding import ACT, Offboarding
from bot.surfaces.telegram.port import SpeaksTelegram
from connectors.messages import Button, Message, Passage

ONCE_IN = timedelta(hours=1)
"""How often the bot says in one group that it answers in private."""
_STRANGER = N_(
    "This account is not tied to anybody who works with Bawab, or nobody has confirmed it yet. If you should "
    "have a role here, tie it with {command}, then ask a second person of HR or IT to confirm it."
)
_NOT_ALLOWED = N_("Your role does not include this. {command} says what you can do here.")
_UNKNOWN = N_("There is no such command. {command} says what you can do here.")
_IN_PRIVATE = N_("I answer in private only: {link}")

_OURS = frozenset({menu.OFFBOARD, menu.MY_GROUPS})
Answers = Callable[[Actor, Translator, str], Awaitable[Message | None]]


class Talking:
    """One bot's conversations; every right is asked anew at every word and every press."""

    def __init__(self, app: Bawab, connector: SpeaksTelegram) -> None:
        self._app = app
        self._connector = connector
        self._chat = PrivateChat(connector)
        self.menu = menu.Menu(connector)
        self._offboarding = Offboarding(app)
        self._strangers = Guesses()
        self._groups: dict[str, datetime] = {}

    async def asked(self, told: Asked) -> bool:
        """Answer a command; False where it is about tying an account, which is another's to answer."""
        if told.command == menu.LINK:
            return False
        who = await self._who(told.account_id)
        t = self._language(who, told.language)
        await self.menu.for_one(told.account_id, who, t)
        if who is None:
            await self._turn_away(told, t)
            return True
        await self._guarded(who, t, told)
        return True

    async def pressed(self, told: Pressed) -> None:
        """Do what a button stands for, if whoever pressed it may."""
        who = await self._who(told.account_id)
        t = self._language(who, told.language)
        if who is None:
            if self._is_news(told.account_id):
                await self._refused(None, "unknown_account")
            await self._chat.answer(told.query_id, t.text(_STRANGER, command=f"/{menu.LINK}"))
            return
        act, _, value = told.data.partition(":")
        try:
            said, message = await self._press(who, t, told, act, value)
        except NotAllowed:
            await self._refused(who, "not_allowed")
            said, message = t.text(_NOT_ALLOWED, command=f"/{menu.HELP}"), None
        except CannotAct as error:
            said, message = error.said(t, who.zone), None
        await self._chat.answer(told.query_id, said)
        if message is not None:
            await self._chat.change(told.account_id, told.message_id, message)

    async def in_group(self, told: AskedInGroup) -> None:
        """Say nothing of anybody where others read along: the answer is given in private."""
        name = self._connector.bot.username
        # Other bots know /status and /help, too: without a name only what no other is likely to know is ours.
        ours = told.to.casefold() == name.casefold() if told.to else told.command in _OURS
        if not ours:
            return
        last, now = self._groups.get(told.group.id), self._app.now()
        if last is not None and last > now - ONCE_IN:
            return
        self._groups[told.group.id] = now
        t = translator(told.language, self._app.settings.language)
        await self._chat.line(told.group.id, t.text(_IN_PRIVATE, link=f"https://t.me/{name}"))

    async def _press(
        self, who: Actor, t: Translator, told: Pressed, act: str, value: str
    ) -> tuple[str, Message | None]:
        if act == ACT:

            async def meanwhile(message: Message) -> None:
                await self._chat.change(told.account_id, told.message_id, message)

            return "", await self._offboarding.pressed(who, t, value, meanwhile)
        done = await press(self._app, who, act, value)
        return done.said, _with_what_is_left(told, done.said, t) if told.left else done.message

    async def _guarded(self, who: Actor, t: Translator, told: Asked) -> None:
        answers: dict[str, Answers] = {
            menu.OFFBOARD: self._offboarding.begin,
            menu.STATUS: self._status,
            menu.MY_GROUPS: self._my_groups,
            menu.HELP: self._help,
        }
        answer = answers.get(told.command, self._unknown)
        try:
            message = await answer(who, t, told.words)
        except NotAllowed:
            await self._refused(who, "not_allowed")
            message = standing.plain(t, t.text(_NOT_ALLOWED, command=f"/{menu.HELP}"))
        except CannotAct as error:
            message = standing.plain(t, error.said(t, who.zone))
        if message is not None:
            await self._chat.say(told.account_id, message)

    async def _status(self, who: Actor, t: Translator, words: str) -> Message:
        return await standing.status(self._app, who, t, words)

    async def _my_groups(self, who: Actor, t: Translator, _words: str) -> Message:
        return await standing.my_groups(self._app, who, t)

    async def _help(self, who: Actor, t: Translator, _words: str) -> Message:
        lines = [f"/{name} – {t.text(menu.TITLES[name])}" for name in menu.commands_for(who)]
        return Message((Passage("\n".join(lines)),), t.language)

    async def _unknown(self, _who: Actor, t: Translator, _words: str) -> Message:
        return standing.plain(t, t.text(_UNKNOWN, command=f"/{menu.HELP}"))

    async def _turn_away(self, told: Asked, t: Translator) -> None:
        """Tell a stranger nothing but how to be none; an endless row of words gets a few answers."""
        if not self._is_news(told.account_id):
            return
        await self._refused(None, "unknown_account")
        await self._chat.say(told.account_id, standing.plain(t, t.text(_STRANGER, command=f"/{menu.LINK}")))

    def _is_news(self, account_id: str) -> bool:
        """Whether a stranger's try is still worth an entry; old buttons can be pressed without end."""
        now = self._app.now()
        asked = self._strangers.lately(account_id, now)
        self._strangers.count(account_id, now)
        return asked < MOST_WRONG

    async def _who(self, account_id: str) -> Actor | None:
        async with self._app.store.read() as tx:
            return await actor_by_account(self._app, tx, self._connector.instance, account_id, "telegram")

    async def _refused(self, who: Actor | None, why: str) -> None:
        entry = Entry(
            action=Action.ACCESS_REFUSE,
            actor=who.logged if who is not None else "bawab",
            instance=self._connector.instance,
            outcome="refused",
            detail={"via": "telegram", "why": why},
        )
        async with self._app.store.write() as tx:
            await self._app.audit.append(tx, entry)

    def _language(self, who: Actor | None, tag: str | None) -> Translator:
        return who.translator if who is not None else translator(tag, self._app.settings.language)


def _with_what_is_left(told: Pressed, said: str, t: Translator) -> Message:
    """Keep the message and its other buttons, and say below what became of this one."""
    rows = [tuple(_button(label, data) for label, data in row) for row in told.left]
    return Message((Passage(f"{told.text}\n\n{said}"), *(Passage("", row) for row in rows)), t.language)


def _button(label: str, data: str) -> Button:
    act, _, value = data.partition(":")
    return Button(label, act, value)
