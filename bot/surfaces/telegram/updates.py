"""An update taken: what it means is done, in order, each act safe to repeat; none is believed blindly."""

from __future__ import annotations

import structlog
from telegram import Update

from bot.app import Bawab
from bot.people.join_requests import Request, answer
from bot.store.db import StoreProblem
from bot.surfaces.telegram.enrolling import Enrolling
from bot.surfaces.telegram.faults import is_outage
from bot.surfaces.telegram.gate import TelegramGate
from bot.surfaces.telegram.groups import Groups
from bot.surfaces.telegram.meanings import (
    PLATFORM,
    Asked,
    AskedInGroup,
    AsksToJoin,
    BotInside,
    BotOutside,
    GroupMoved,
    GroupSeen,
    Meaning,
    OfGroup,
    OfPerson,
    PersonSeen,
    Pressed,
    SharedContact,
    Started,
    meanings,
)
from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.talking import Talking

MOST_TRIES = 3
"""How often an update that breaks us is tried: it must not keep the others from being heard."""

logger = structlog.get_logger(__name__)


class Updates:
    """One bot's updates."""

    def __init__(self, app: Bawab, connector: SpeaksTelegram) -> None:
        self._app = app
        self._instance = connector.instance
        self._groups = Groups(app, connector.instance)
        self._gate = TelegramGate(connector)
        self._enrolling = Enrolling(app, connector)
        self._talking = Talking(app, connector)
        self._tries: dict[int, int] = {}

    async def take(self, update: Update) -> None:
        """Do what an update means; told again after it returned, it changes nothing more.

        Raises StoreProblem, and what an outage of Telegram raises: the update must then come again. An update
        that breaks us three times is left, and said by its number alone.
        """
        try:
            for meaning in meanings(update, self._instance):
                await self._do(meaning, update)
        except Exception as error:
            if isinstance(error, StoreProblem) or is_outage(error) or not self._given_up(update.update_id):
                raise
            said = type(error).__name__  # no more: a traceback could quote a message
            logger.error("telegram_update_left", instance=self._instance, update=update.update_id, error=said)  # noqa: TRY400
        self._tries.pop(update.update_id, None)

    def _given_up(self, update_id: int) -> bool:
        self._tries[update_id] = self._tries.get(update_id, 0) + 1
        return self._tries[update_id] >= MOST_TRIES

    async def _do(self, meaning: Meaning, update: Update) -> None:
        match meaning:
            case AsksToJoin():
                await self._asks(meaning)
            case Started() | SharedContact() | Asked() | AskedInGroup() | Pressed():
                await self._of_person(meaning, update.update_id)
            case _:
                because = "chat_member" if update.chat_member is not None else "message"
                await self._of_group(meaning, because)

    async def _of_person(self, meaning: OfPerson, update_id: int) -> None:
        await self._talking.menu.for_everybody()
        match meaning:
            case Started():
                await self._enrolling.started(meaning, update_id)
            case SharedContact():
                await self._enrolling.contact(meaning, update_id)
            case Asked():
                if not await self._talking.asked(meaning):
                    await self._enrolling.started(
                        Started(meaning.account_id, "", meaning.language), update_id
                    )
            case AskedInGroup():
                await self._talking.in_group(meaning)
            case Pressed():
                await self._talking.pressed(meaning)

    async def _of_group(self, meaning: OfGroup, because: str) -> None:
        match meaning:
            case BotInside(group):
                await self._groups.inside(group)
            case GroupSeen(group):
                await self._groups.seen(group, because)
            case BotOutside():
                await self._groups.outside(meaning)
            case PersonSeen():
                await self._groups.person(meaning, because)
            case GroupMoved():
                await self._groups.moved(meaning)

    async def _asks(self, told: AsksToJoin) -> None:
        group = told.group
        await self._groups.seen(group, "chat_join_request")
        request = Request(
            instance=self._instance,
            platform=PLATFORM,
            group_id=group.id,
            group_name=group.name,
            account_id=told.account_id,
            asked_at=told.asked_at,
        )
        await answer(self._app, self._gate, request)
