"""Tells the wire what an answer of Entra or Graph means: answered, not now, or failed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson

from connectors.chat.teams.routes import BATCH
from connectors.wire import Route, Signal, SignalKind

END_SESSIONS = "POST /users/{user}/revokeSignInSessions"
# A known issue of Graph: it may answer this one 2xx with nothing in it.
_MAY_BE_EMPTY = frozenset({END_SESSIONS})
_LONGEST_SECONDS = 86_400


def read_signal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> Signal:
    """Judge one answer by its form only; bodies are judged, never kept."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Signal(SignalKind.LIMITED, retry_after=seconds_of(headers.get("Retry-After")))
    # 501 says that the server lacks the function: that is an answer, and asking again gives no other.
    if status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status}")
    if status in (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT) and not body:
        return Signal(SignalKind.ANSWERED)
    if not body and 200 <= status < 300 and route.name in _MAY_BE_EMPTY:
        return Signal(SignalKind.ANSWERED)
    return _of_json(route, status, body)


def _of_json(route: Route, status: int, body: bytes) -> Signal:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} without readable JSON")
    if not isinstance(data, dict):
        return Signal(SignalKind.BROKEN, reason=f"HTTP {status} with JSON that is no Graph answer")
    if route.name == BATCH and 200 <= status < 300 and not isinstance(data.get("responses"), list):
        return Signal(SignalKind.BROKEN, reason="a batch answered without its parts")
    return Signal(SignalKind.ANSWERED)


def seconds_of(header: object) -> float | None:
    """Read Retry-After in seconds; None where it is missing or makes no sense."""
    try:
        seconds = float(str(header)) if header is not None else None
    except ValueError:
        return None
    return seconds if seconds is None or 0 <= seconds < _LONGEST_SECONDS else None
