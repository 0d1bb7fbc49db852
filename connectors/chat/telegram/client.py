"""Calls the Bot API through python-telegram-bot and the wire, and gives every answer one of few forms."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from telegram import Bot
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from connectors.chat.telegram.answers import normalised
from connectors.chat.telegram.config import TelegramConfig
from connectors.chat.telegram.request import WireRequest
from connectors.chat.telegram.routes import API, METHODS, ROUTES
from connectors.contract import RateLimit
from connectors.errors import BadCredentials, ConnectorError, NotSupported, Unavailable
from connectors.redaction import Redactor
from connectors.wire import Access, AnswerLost, Exchange, Route, Signal, SignalKind, Wire, WireSettings

T = TypeVar("T")

# What the SDK is given in place of the token, which it would show in its repr and its log.
_STAND_IN = "0:kept-by-the-wire"
_NOWHERE = "bot-api:"
_LONGEST_STATED_WAIT = 86_400.0


class TelegramRefused(ConnectorError):
    """A read that Telegram answered with `ok: false`; `error` is its text, in lower case."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Telegram refused {method}: {error}")
        self.error = error


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """One answer: a value, or Telegram's refusal in lower case without its `Bad Request:`."""

    method: str
    exchange: Exchange
    value: T | None = None
    error: str = ""
    moved_to: str | None = None
    """The supergroup's id, where a basic group was upgraded."""

    def result(self) -> T:
        """Give the value; raises TelegramRefused where there is none."""
        if self.value is None:
            raise TelegramRefused(self.method, self.error)
        return self.value


def _quiet_log() -> logging.Logger:
    """Give a log that says nothing: the SDK's bot quotes whole answers, those it cannot read as CRITICAL."""
    log = logging.getLogger("connectors.chat.telegram.bot")
    log.setLevel(logging.CRITICAL + 1)
    return log


class _QuietBot(Bot):
    """The SDK's bot with a log of its own."""

    __slots__ = ()
    _LOGGER = _quiet_log()


class TelegramClient:
    """One bot over one wire; opens nothing before the first call."""

    def __init__(self, config: TelegramConfig, limits: tuple[RateLimit, ...]) -> None:
        self._config = config
        token = config.bot_token
        secret = token.partition(":")[2]
        # The SDK and the error table change the case of what Telegram says.
        self.redact = Redactor((token, secret, token.casefold(), secret.casefold()))
        base = f"{config.base_url.rstrip('/')}/bot{token}/"
        self.wire = Wire(_wire_settings(config, base, limits), self.redact)
        request = WireRequest(base, lambda: self.wire.session)
        self.bot: Bot = _QuietBot(
            _STAND_IN,
            base_url=lambda _: _NOWHERE,
            base_file_url=lambda _: _NOWHERE,
            request=request,
            get_updates_request=request,
        )

    async def aclose(self) -> None:
        """Close the wire."""
        await self.wire.aclose()

    async def ask(self, method: str, call: Awaitable[T]) -> Answer[T]:
        """Await one call of the SDK; `ok: false` comes back as an Answer, all else raises as the wire does.

        Raises BadCredentials where the token itself is refused.
        """
        value: T | None = None
        refused: TelegramError | None = None
        odd = ""
        with self.wire.recording() as exchanges:
            try:
                value = await call
            except TelegramError as error:
                # Judged outside: the SDK's exception must not become anyone's context.
                refused = error
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                odd = type(error).__name__
        if odd:
            raise _malformed(method, odd, sent=bool(exchanges))
        if refused is not None:
            self._raise_through(method, refused)
            moved = str(refused.new_chat_id) if isinstance(refused, ChatMigrated) else None
            return Answer(
                method, exchanges[-1], error=self.redact(normalised(refused.message)), moved_to=moved
            )
        return Answer(method, exchanges[-1], value)

    def _raise_through(self, method: str, refused: TelegramError) -> None:
        """Raise what the wire said, which the SDK wraps, and a refusal of the token."""
        cause = refused.__cause__
        if isinstance(cause, ConnectorError | AnswerLost):
            raise cause
        if not isinstance(refused, InvalidToken):
            return
        if "method not found" in refused.message.casefold():
            raise NotSupported(
                f"{self._config.instance}: the Bot API server at {self._config.base_url} does not know "
                f"{method}; update that server"
            )
        raise BadCredentials(
            f"{self._config.instance}: Telegram refuses the bot token at {method}; "
            "give the token @BotFather shows under /mybots and restart"
        )


def _malformed(method: str, odd: str, *, sent: bool) -> Exception:
    """A `result` of another shape than documented: a read knows nothing, a write may have had its effect."""
    if sent and METHODS[method].access is Access.WRITE:
        return AnswerLost(f"{method}: the answer has an unknown shape ({odd}); it may have had its effect")
    return Unavailable(f"{method}: the answer has an unknown shape ({odd}); wait and try again")


def _wire_settings(config: TelegramConfig, base: str, limits: tuple[RateLimit, ...]) -> WireSettings:
    return WireSettings(
        bases={API: base},
        routes=ROUTES,
        limits=limits,
        read_signal=read_signal,
        read_only=config.read_only,
        pace_scale=config.pace_scale,
        connect_timeout=config.connect_timeout_seconds,
        total_timeout=config.timeout_seconds,
        max_response_bytes=config.max_response_bytes,
        read_tries=config.read_tries,
        backoff=config.backoff_seconds,
        longest_read_wait=config.longest_read_wait_seconds,
        longest_write_wait=config.longest_write_wait_seconds,
        proxy=config.proxy,
    )


def read_signal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> Signal:  # noqa: ARG001 - the wire's form
    """Tell the wire whether Telegram answered, asks to wait, or failed; bodies are judged, never kept."""
    data = _object(body)
    # Only Telegram's own refusal surely did nothing: a proxy that asks to wait may have passed the call on.
    if status == 429 or (data.get("ok") is False and _parameter(data) is not None):
        return Signal(SignalKind.LIMITED, retry_after=_stated_wait(data, headers))
    if status >= 500:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status}")
    if not isinstance(data.get("ok"), bool):
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} without a Bot API answer")
    if data["ok"] != (status < 300) or (data["ok"] and data.get("result") is None):
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} with an answer that contradicts itself")
    return Signal(SignalKind.ANSWERED)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}


def _parameter(data: Mapping[str, Any]) -> object:
    parameters = data.get("parameters")
    return parameters.get("retry_after") if isinstance(parameters, dict) else None


def _stated_wait(data: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """Give the seconds Telegram asks to wait: `parameters.retry_after` first, then the header."""
    stated = _parameter(data)
    try:
        seconds = float(str(stated if stated is not None else headers["Retry-After"]))
    except (KeyError, TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < _LONGEST_STATED_WAIT else None
