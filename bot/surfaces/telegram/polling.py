"""Polling: updates fetched in order, each forgotten by Telegram only once it is done and stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot.app import Bawab
from bot.hearing import heard, trouble
from bot.lanes import backoff
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow
from bot.surfaces.telegram.faults import is_outage, trouble_of, wait_of
from bot.surfaces.telegram.meanings import ALLOWED_UPDATES
from bot.surfaces.telegram.port import SpeaksTelegram
from bot.surfaces.telegram.reading import fetch
from bot.surfaces.telegram.updates import Updates

LONGEST_POLL_SECONDS = 25
A_PAGE = 100
MOST_PAGES = 100
"""Of one fetch of what waits: ten thousand updates, and the next run takes the rest."""
IDLE_SECONDS = 1.0
"""Between two empty answers, where the server does not wait itself."""
OFFSET_LASTS = timedelta(days=6)
"""After a week without any Telegram numbers updates anew (Bot API, Update.update_id)."""
WELL_AFTER = timedelta(minutes=1)
"""Two pollers take turns at failing; only a minute without is an end of it."""
QUIET_FAILURES = 3
"""Failures of the network in a row before they are said: a cut long poll is no news."""

logger = structlog.get_logger(__name__)


class Poller:
    """The one poller of one bot's token."""

    def __init__(self, app: Bawab, connector: SpeaksTelegram, *, poll_seconds: int) -> None:
        self._app = app
        self._connector = connector
        self._instance = connector.instance
        self._updates = Updates(app, connector)
        self._poll_seconds = poll_seconds
        self._quiet = QUIET_FAILURES
        self._failures = 0
        self._failed_at: datetime | None = None
        self._fine = False
        self._wait = 0.0
        self._bot = ""
        """The bot's own account: another one numbers its updates otherwise."""

    @property
    def instance(self) -> str:
        """Name the bot, as the settings do."""
        return self._instance

    async def forever(self) -> None:
        """Poll until cancelled; whatever goes wrong is waited for and tried again: nobody else would."""
        while True:
            began = monotonic()
            taken = await self._fetch(self._poll_seconds)
            pause = IDLE_SECONDS - (monotonic() - began)
            if taken is None:
                await asyncio.sleep(self._wait)
            elif not taken and pause > 0:
                await asyncio.sleep(pause)

    async def fetch_waiting(self) -> int:
        """Take all that waits now, and end; gives the number taken. A failure is said, and ends it too."""
        self._quiet = 1
        total = 0
        for _ in range(MOST_PAGES):
            taken = await self._fetch(0)
            total += taken or 0
            if not taken:
                break
        return total

    async def _fetch(self, seconds: int) -> int | None:
        """Take one page of updates, one after the other; None where one failed, and then it comes again."""
        try:
            page = await self._page(seconds)
            for update in page:
                await self._updates.take(update)
                await self._done(update)
            await self._well()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be heard after it
            await self._failed(error)
            return None
        return len(page)

    async def _page(self, seconds: int) -> Sequence[Update]:
        if not self._bot:
            self._bot = min(await self._connector.own_account_ids())
        async with self._app.store.read() as tx:
            offset = await self._offset(tx)
        bot = self._connector.bot
        return await fetch(bot, offset=offset, limit=A_PAGE, seconds=seconds, kinds=ALLOWED_UPDATES)

    # Where we stand

    @property
    def _key(self) -> str:
        return f"telegram_offset:{self._instance}"

    async def _offset(self, tx: AsyncConnection) -> int | None:
        """Give the first update that was not taken; None for another bot's number, or an old one."""
        row = await one(tx, MetaRow, columns(MetaRow).key == self._key)
        if row is None or row.value["bot"] != self._bot:
            return None
        at = datetime.fromisoformat(row.value["at"])
        return int(row.value["next"]) if at > self._app.now() - OFFSET_LASTS else None

    async def _done(self, update: Update) -> None:
        """Remember that all an update asked for is done; before this it comes again."""
        now = self._app.now().isoformat()
        value: dict[str, Any] = {"bot": self._bot, "next": update.update_id + 1, "at": now}
        async with self._app.store.write() as tx:
            if not await change(tx, MetaRow, {"value": value}, columns(MetaRow).key == self._key):
                await add(tx, MetaRow(key=self._key, value=value))

    # How it goes

    async def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._failed_at, self._fine = self._app.now(), False
        self._wait = max(wait_of(error), backoff(self._failures))
        if not is_outage(error):
            logger.error("telegram_poll_failed", instance=self._instance, error=type(error).__name__)
            return
        key = trouble_of(error)
        if key != "unreachable" or self._failures >= self._quiet:
            await self._say(key)

    async def _say(self, key: str) -> None:
        try:
            await trouble(self._app, self._instance, key)
        except Exception as error:  # noqa: BLE001 - not even that can be stored now; the polling goes on
            logger.error("telegram_trouble_unsaid", instance=self._instance, error=type(error).__name__)  # noqa: TRY400

    async def _well(self) -> None:
        self._failures = 0
        lately = self._failed_at is not None and self._app.now() - self._failed_at < WELL_AFTER
        if not self._fine and not lately:
            await heard(self._app, self._instance)
            self._fine = True
