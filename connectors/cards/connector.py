"""The cards connector: posts to one workflow of Teams; what was posted can be neither found nor changed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from yarl import URL

from connectors.cards.card import envelope
from connectors.cards.config import CardsConfig
from connectors.contract import RateLimit
from connectors.errors import BadCredentials, ConnectorError, NotSupported
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from connectors.redaction import Redactor
from connectors.wire import Access, AnswerLost, NotSent, RateLimited, Route, Signal, SignalKind, Wire
from connectors.wire import WireSettings as Settings

FLOW = "flow"
POST = "workflow.post"
# One workflow takes 4 requests a second from a connector; kept well below, a 429 says more.
LIMITS = (RateLimit("post", 2, 1.0),)
ROUTES = (Route(POST, frozenset({"POST"}), FLOW, "", Access.WRITE, "post"),)
_TAKEN = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
_NO_ENTRY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class CardsConnector:
    """One workflow; nothing is opened before the first message."""

    platform = "cards"

    def __init__(self, config: CardsConfig) -> None:
        self._config = config
        self._url = URL(config.url, encoded=True)
        secrets = (config.url, self._url.raw_path, self._url.raw_query_string, *self._url.query.values())
        self._redact = Redactor(secrets)
        self.wire = Wire(_settings(config, self._url), self._redact)

    def __repr__(self) -> str:
        return f"CardsConnector({self._config.instance!r})"

    @property
    def readers(self) -> frozenset[str]:
        """Employee ids of everybody who reads where it posts."""
        return self._config.people

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Post one card; 202 means that Teams took it, not that somebody read it.

        Raises BadCredentials or ConnectorError where the workflow refuses, which an operator must mend.
        """
        body = envelope(message, account_id, key)
        headers = {"Content-Type": "application/json"}
        try:
            async with self.wire.session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=self._redact(str(error)))
        except (RateLimited, NotSent) as error:
            detail = self._redact(str(error))
            return NoticeReceipt(NoticeOutcome.RETRY, detail=detail, retry_after=error.retry_after)
        return self._judged(status, key)

    def _judged(self, status: int, key: str) -> NoticeReceipt:
        where = f"{self._config.instance}: the workflow answered {status}"
        if status in _TAKEN:
            return NoticeReceipt(NoticeOutcome.SENT, reference=key)
        if status in _NO_ENTRY:
            raise BadCredentials(f"{where}; copy its address again (BAWAB_CARDS__…__URL) and restart")
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail=f"answered {status}")
        raise ConnectorError(f"{where}; it may be switched off or deleted: look in Power Automate")

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Raise NotSupported: a workflow tells nothing of what it posted."""
        raise NotSupported(f"{self._config.instance}: a card cannot be looked for once it is posted")

    async def aclose(self) -> None:
        """Close what is open."""
        await self.wire.aclose()


def _settings(config: CardsConfig, url: URL) -> Settings:
    return Settings(
        bases={FLOW: str(url.with_query(None))},
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
    """Tell the wire whether the workflow answered, asks to wait, or failed."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Signal(SignalKind.LIMITED, retry_after=_seconds(headers.get("Retry-After")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status}")
    return Signal(SignalKind.ANSWERED)


def _seconds(header: str | None) -> float | None:
    try:
        seconds = float(header) if header is not None else None
    except ValueError:
        return None
    return seconds if seconds is None or 0 <= seconds < 86_400 else None
