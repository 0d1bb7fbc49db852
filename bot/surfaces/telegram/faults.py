"""What a failed call to Telegram means to a listener: wait and try again, say what is wrong, or go on."""

from __future__ import annotations

from collections.abc import Iterator

from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from connectors.errors import BadCredentials, ConnectorError, Unavailable
from connectors.errors import Forbidden as HeldByTheWire
from connectors.wire import AnswerLost

# The server's own words (tdlib/telegram-bot-api, Client.cpp), lower case, by what they mean here.
_CONFLICTS = {
    "terminated by other getupdates request": "two_pollers",
    "webhook is active": "webhook_active",
    "terminated by setwebhook": "webhook_active",
}
REFUSALS = (BadRequest, Forbidden, ChatMigrated)
"""Answers to this very call: asked again, Telegram says the same."""
_HANDLED = ("hide_requester_missing", "user_already_participant")
"""The request is no longer there: somebody answered it, took it back, or the person is inside already."""


def trouble_of(error: BaseException) -> str:
    """Name what keeps updates from coming: a key of `bot.hearing.TROUBLES`."""
    if isinstance(error, Conflict):
        said = str(error).lower()
        return next((key for words, key in _CONFLICTS.items() if words in said), "two_pollers")
    if isinstance(error, InvalidToken) or any(isinstance(one, BadCredentials) for one in _chain(error)):
        return "bad_token"
    return "unreachable"


def is_outage(error: BaseException) -> bool:
    """Whether the same call may succeed later: the network, a limit, a lost answer; never a plain refusal."""
    below = [one for one in _chain(error) if isinstance(one, ConnectorError | AnswerLost)]
    if below:
        return not any(isinstance(one, HeldByTheWire) for one in below)
    return isinstance(error, TelegramError) and not isinstance(
        error, REFUSALS
    )  # a BadRequest is a NetworkError


def is_handled(error: BaseException) -> bool:
    """Whether Telegram says that a join request is no longer open."""
    return any(words in str(error).lower() for words in _HANDLED)


def wait_of(error: BaseException) -> float:
    """Give the seconds Telegram asks to wait, as the wire says it; 0 where nothing was said."""
    for one in _chain(error):
        if isinstance(one, Unavailable) and one.retry_after:
            return one.retry_after
    return 0.0


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
