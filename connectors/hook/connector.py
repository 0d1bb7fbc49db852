"""The hook connector: posts one signed notice; the receiver knows a repeated one by its id."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from standardwebhooks.webhooks import Webhook
from yarl import URL

from connectors.contract import RateLimit
from connectors.errors import BadCredentials, ConnectorError, NotSupported
from connectors.hook.config import HookConfig
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from connectors.redaction import Redactor
from connectors.wire import (
    Access,
    AnswerLost,
    NotSent,
    RateLimited,
    Route,
    Signal,
    SignalKind,
    Wire,
    WireSettings,
)

RECEIVER = "receiver"
POST = "hook.post"
LIMITS = (RateLimit("post", 10, 1.0),)
ROUTES = (Route(POST, frozenset({"POST"}), RECEIVER, "", Access.WRITE, "post"),)
_NO_ENTRY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HookConnector:
    """One receiver; nothing is opened before the first notice."""

    platform = "hook"
    readers: frozenset[str] = frozenset()

    def __init__(self, config: HookConfig, now: Callable[[], datetime] = _utc_now) -> None:
        self._config = config
        self._now = now
        self._url = URL(config.url, encoded=True)
        self._signers = tuple(Webhook(secret) for secret in config.secret.split())
        secrets = (config.secret, config.url, self._url.raw_query_string, *self._url.query.values())
        self._redact = Redactor(secrets)
        self.wire = Wire(_settings(config, self._url), self._redact)

    def __repr__(self) -> str:
        return f"HookConnector({self._config.instance!r})"

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Post one notice for one reader. Raises BadCredentials or ConnectorError where it is refused."""
        body = payload(message, account_id, key)
        try:
            async with self.wire.session.post(
                self._url, data=body, headers=self._headers(key, body), allow_redirects=False
            ) as answer:
                status = answer.status
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=self._redact(str(error)))
        except (RateLimited, NotSent) as error:
            detail = self._redact(str(error))
            return NoticeReceipt(NoticeOutcome.RETRY, detail=detail, retry_after=error.retry_after)
        return self._judged(status, key)

    def _judged(self, status: int, key: str) -> NoticeReceipt:
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return NoticeReceipt(NoticeOutcome.SENT, reference=key)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="the receiver knows no such reader")
        where = f"{self._config.instance}: the receiver answered {status}"
        if status in _NO_ENTRY:
            raise BadCredentials(f"{where}; give both sides the same secret and restart")
        raise ConnectorError(f"{where}; look at the receiver's own log")

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Raise NotSupported: sent again, the same id tells the receiver that it is the same."""
        raise NotSupported(f"{self._config.instance}: a notice cannot be looked for once it is posted")

    async def aclose(self) -> None:
        """Close what is open."""
        await self.wire.aclose()

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        at = self._now()
        signatures = [signer.sign(key, at, body.decode()) for signer in self._signers]
        return {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def payload(message: Message, recipient: str, key: str) -> bytes:
    """Give a notice as JSON: whom it is for, what it says, which pages it opens."""
    links = [
        {"label": button.label, "url": button.url}
        for passage in message.passages
        for button in passage.buttons
        if button.url is not None
    ]
    told = {
        "type": "notice",
        "id": key,
        "recipient": recipient,
        "language": message.language,
        "title": message.title,
        "text": message.text,
        "links": links,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _settings(config: HookConfig, url: URL) -> WireSettings:
    return WireSettings(
        bases={RECEIVER: str(url.with_query(None))},
        routes=ROUTES,
        limits=LIMITS,
        read_signal=read_signal,
        read_only=config.read_only,
        pace_scale=config.pace_scale,
        connect_timeout=config.connect_timeout_seconds,
        total_timeout=config.timeout_seconds,
        max_response_bytes=config.max_response_bytes,
        longest_write_wait=config.longest_write_wait_seconds,
    )


def read_signal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> Signal:  # noqa: ARG001 - the wire's form
    """Tell the wire whether the receiver answered, asks to wait, or failed."""
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        stated = headers.get("Retry-After", "")
        return Signal(SignalKind.LIMITED, retry_after=float(stated) if stated.isdecimal() else None)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status}")
    return Signal(SignalKind.ANSWERED)
