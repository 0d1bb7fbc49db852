"""Settings into Telegram listeners: who polls, who is brought updates, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from bot.app import Bawab
from bot.surfaces.telegram.polling import LONGEST_POLL_SECONDS, Poller
from bot.surfaces.telegram.webhook import Webhook

if TYPE_CHECKING:
    from bot.surfaces.telegram.port import SpeaksTelegram

SHARE_OF_TIMEOUT = 0.75
"""Of the time the wire gives a request: Telegram must answer before that is over."""


def pollers(app: Bawab) -> Iterator[Poller]:
    """Give the poller of each bot that is polled."""
    for name, settings in app.settings.telegram.items():
        if settings.updates == "poll" and name in app.chat:
            seconds = int(min(LONGEST_POLL_SECONDS, settings.timeout_seconds * SHARE_OF_TIMEOUT))
            yield Poller(app, _connector(app, name), poll_seconds=seconds)


def webhooks(app: Bawab) -> Iterator[Webhook]:
    """Give the webhook of each bot whose updates are brought."""
    for name, settings in app.settings.telegram.items():
        secret = settings.webhook()
        if settings.updates == "webhook" and name in app.chat and settings.webhook_url and secret:
            yield Webhook(app, _connector(app, name), url=settings.webhook_url, secret=secret)


def _connector(app: Bawab, name: str) -> SpeaksTelegram:
    return cast("SpeaksTelegram", app.chat[name])
