"""Enrolment in a private chat with the bot: a code, a shared contact, or the question how."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram.error import TelegramError

from bot.app import Bawab
from bot.locale import Translator, translator
from bot.people.enrolment import Enrolled, redeem, refuse, take_contact
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow
from bot.surfaces.telegram import replies
from bot.surfaces.telegram.guesses import MOST_WRONG, Guesses
from bot.surfaces.telegram.meanings import SharedContact, Started
from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.reading import UNREADABLE
from connectors.errors import ConnectorError
from connectors.wire import AnswerLost
from policies.model import Person

TIED = frozenset({Enrolled.LINKED, Enrolled.ALREADY, Enrolled.HELD})

_Judged = tuple[Enrolled, Person | None]


class Enrolling:
    """Ties accounts to people for one bot; an update told of twice is answered twice and done once."""

    def __init__(self, app: Bawab, connector: SpeaksTelegram) -> None:
        self._app = app
        self._connector = connector
        self._tries = Guesses()
        self._greetings = Guesses()

    async def started(self, told: Started, update_id: int) -> None:
        """Take a code, or say how to get one."""
        if told.code:

            async def judge(tx: AsyncConnection) -> _Judged:
                return await redeem(self._app, tx, self._connector.instance, told.account_id, told.code)

            await self._try(told, update_id, judge)
        elif await self._may_ask(told):
            await self._reply(told.account_id, replies.how_to(self._language(told, None)))

    async def contact(self, told: SharedContact, update_id: int) -> None:
        """Take the sender's own number; another person's proves nothing."""

        async def judge(tx: AsyncConnection) -> _Judged:
            return await take_contact(self._app, tx, self._connector.instance, told.account_id, told.phone)

        if told.own:
            await self._try(told, update_id, judge)
        elif await self._may_ask(told):
            async with self._app.store.write() as tx:
                if await self._first(tx, update_id, "contact_of_another"):
                    await refuse(self._app, tx, self._connector.instance, "contact_of_another")
            await self._reply(told.account_id, replies.own_only(self._language(told, None)))

    async def _try(
        self,
        told: Started | SharedContact,
        update_id: int,
        judge: Callable[[AsyncConnection], Awaitable[_Judged]],
    ) -> None:
        account, now = told.account_id, self._app.now()
        tries = self._tries.lately(account, now)
        if tries >= MOST_WRONG:
            self._tries.count(account, now)
            if tries == MOST_WRONG:
                await self._too_many(told, update_id)
            return
        async with self._app.store.write() as tx:
            before = await self._before(tx, update_id)
            outcome, person = (Enrolled(before), None) if before else await judge(tx)
            await self._first(tx, update_id, outcome)
        if outcome not in TIED:
            self._tries.count(account, now)
        await self._reply(account, replies.enrolled(outcome, self._language(told, person)))

    async def _too_many(self, told: Started | SharedContact, update_id: int) -> None:
        async with self._app.store.write() as tx:
            if await self._first(tx, update_id, "too_many_tries"):
                await refuse(self._app, tx, self._connector.instance, "too_many_tries")
        await self._reply(told.account_id, replies.wait(self._language(told, None)))

    async def _may_ask(self, told: Started | SharedContact) -> bool:
        """Answer a few idle messages of one account, not an endless row of them."""
        asked = self._greetings.lately(told.account_id, self._app.now())
        self._greetings.count(told.account_id, self._app.now())
        return asked < MOST_WRONG

    async def _before(self, tx: AsyncConnection, update_id: int) -> str | None:
        """Give what this very update came to before a crash; None where it was not taken yet."""
        row = await one(tx, MetaRow, columns(MetaRow).key == self._key)
        return str(row.value["outcome"]) if row is not None and row.value["update"] == update_id else None

    async def _first(self, tx: AsyncConnection, update_id: int, outcome: str) -> bool:
        """Remember what an update came to, in the transaction that does it; False where it was before."""
        if await self._before(tx, update_id) is not None:
            return False
        value = {"update": update_id, "outcome": str(outcome)}
        if not await change(tx, MetaRow, {"value": value}, columns(MetaRow).key == self._key):
            await add(tx, MetaRow(key=self._key, value=value))
        return True

    @property
    def _key(self) -> str:
        return f"telegram_enrolment:{self._connector.instance}"

    def _language(self, told: Started | SharedContact, person: Person | None) -> Translator:
        tag = person.language if person is not None and person.language else told.language
        return translator(tag, self._app.settings.language)

    async def _reply(self, account_id: str, answer: tuple[str, replies.Keyboard]) -> None:
        """Answer, if it can be done now: what counts is stored already, and the person may ask again."""
        text, keyboard = answer
        try:
            await self._connector.bot.send_message(int(account_id), text, reply_markup=keyboard)
        except (TelegramError, ConnectorError, AnswerLost, *UNREADABLE):
            return
