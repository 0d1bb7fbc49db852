"""What runs beside the service so that platforms are heard: pollers, webhooks, subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

from bot.app import Bawab
from bot.hearing import heard, trouble, troubles
from bot.lanes import backoff
from bot.surfaces.graph.subscriptions import EVERY, Keeper, Subscribes
from bot.surfaces.slack.socket_mode import SocketMode
from bot.surfaces.slack.surface import Surface
from connectors.chat.slack import SlackConnector

if TYPE_CHECKING:
    from bot.surfaces.telegram.webhook import Webhook

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def beside(app: Bawab) -> AsyncIterator[None]:
    """Hear the platforms while the block runs; what cannot be heard is said, and the block goes on."""
    await _only_what_is_listened_to(app)
    tasks = [asyncio.create_task(work()) for work in _works(app)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _only_what_is_listened_to(app: Bawab) -> None:
    """Forget what kept a platform from being heard that is no longer listened to."""
    settings = app.settings
    wanted = {name for name, one in settings.telegram.items() if one.updates != "off"}
    wanted |= {name for name, one in settings.teams.items() if one.notification_url is not None}
    wanted |= {name for name, one in settings.slack.items() if one.app() is not None}
    async with app.store.read() as tx:
        known = await troubles(tx)
    for found in known:
        if found.instance not in wanted:
            await heard(app, found.instance, found.key)


async def fetch_waiting(app: Bawab) -> int:
    """Take once what waits for the bots that are polled; gives the number of updates."""
    if not app.settings.telegram:
        return 0
    from bot.surfaces.telegram.starting import pollers  # noqa: PLC0415 - its SDK is loaded late

    return sum([await poller.fetch_waiting() for poller in pollers(app)])


def _works(app: Bawab) -> Iterator[Callable[[], Coroutine[Any, Any, None]]]:
    if app.settings.telegram:
        from bot.surfaces.telegram.starting import pollers, webhooks  # noqa: PLC0415 - its SDK is loaded late

        for poller in pollers(app):
            yield _InTurn(app, f"polling {poller.instance}", poller.forever).forever
        if app.settings.listen is not None:
            for webhook in webhooks(app):
                yield _Registering(app, webhook).until_done
    yield from (socket.forever for socket in _sockets(app))
    if app.settings.listen is not None:
        for keeper in keepers(app):
            yield _InTurn(app, f"subscriptions {keeper.instance}", _Keeping(keeper).forever).forever


def _sockets(app: Bawab) -> Iterator[SocketMode]:
    """Give the ear of each workspace that has an app-level token."""
    for name, settings in app.settings.slack.items():
        connector = app.chat.get(name)
        if settings.app() is not None and isinstance(connector, SlackConnector):
            surface = Surface(app, connector)
            yield SocketMode(app, connector, surface.bolt(), surface.later)


def keepers(app: Bawab) -> Iterator[Keeper]:
    """Give the keeper of each tenant that is told where to reach us."""
    for name, settings in app.settings.teams.items():
        connector = app.chat.get(name)
        if settings.notification_url is not None and isinstance(connector, Subscribes):
            yield Keeper(app, connector, f"{settings.notification_url.rstrip('/')}/graph/{name}")


class _InTurn:
    """Does in one process of all what the platform lets only one do."""

    def __init__(self, app: Bawab, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._app = app
        self._name = name
        self._work = work

    async def forever(self) -> None:
        if self._app.store.dialect != "postgresql":
            await self._work()
            return
        from bot.dispatch_alone import in_turn  # noqa: PLC0415 - most installs never need its driver

        await in_turn(self._app, self._name, self._work)


class _Registering:
    """Makes a webhook known to Telegram, again and again until it takes it."""

    def __init__(self, app: Bawab, webhook: Webhook) -> None:
        self._app = app
        self._webhook = webhook

    async def until_done(self) -> None:
        tries = 0
        while not await self._is_done():
            tries += 1
            await asyncio.sleep(backoff(tries))

    async def _is_done(self) -> bool:
        try:
            return await self._register()
        except Exception as error:  # noqa: BLE001 - it could not even be stored; nobody else would try again
            said = type(error).__name__
            logger.error("telegram_webhook_failed", instance=self._webhook.instance, error=said)  # noqa: TRY400
            return False

    async def _register(self) -> bool:
        from bot.surfaces.telegram.faults import is_outage, trouble_of  # noqa: PLC0415 - its SDK is loaded late

        try:
            await self._webhook.register()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and tried again
            key = trouble_of(error) if is_outage(error) else "webhook_refused"
            await trouble(self._app, self._webhook.instance, key)
            return False
        await heard(self._app, self._webhook.instance)
        return True


class _Keeping:
    """Looks after subscriptions once a minute."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def forever(self) -> None:
        while True:
            try:
                await self._keeper.keep()
            except Exception as error:  # noqa: BLE001 - the next look may be luckier
                logger.error("graph_subscriptions_failed", error=type(error).__name__)  # noqa: TRY400
            await asyncio.sleep(EVERY.total_seconds())
