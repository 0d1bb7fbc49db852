"""How an answer is read on the wire: answered, to be waited for, or broken; never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.chat.telegram.client import read_signal
from connectors.chat.telegram.routes import METHODS
from connectors.wire import SignalKind

ROUTE = METHODS["banChatMember"].route()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def kind(status: int, body: Any, **headers: str) -> SignalKind:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_signal(ROUTE, status, headers, raw).kind


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"ok": True, "result": True}, SignalKind.ANSWERED),
        (200, {"ok": True, "result": False}, SignalKind.ANSWERED),
        (200, {"ok": True, "result": []}, SignalKind.ANSWERED),
        (400, {"ok": False, "error_code": 400, "description": "Bad Request: x"}, SignalKind.ANSWERED),
        (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, SignalKind.ANSWERED),
        (403, {"ok": False, "error_code": 403, "description": "Forbidden: x"}, SignalKind.ANSWERED),
        (409, {"ok": False, "error_code": 409, "description": "Conflict: x"}, SignalKind.ANSWERED),
        (429, {"ok": False, "parameters": {"retry_after": 3}}, SignalKind.LIMITED),
        (429, b"<html>", SignalKind.LIMITED),
        (400, {"ok": False, "parameters": {"retry_after": 3}}, SignalKind.LIMITED),
        (500, {"ok": False, "error_code": 500, "description": "Internal"}, SignalKind.BROKEN),
        (502, b"<html>Bad Gateway</html>", SignalKind.BROKEN),
        (404, b"<html>a proxy's page</html>", SignalKind.BROKEN),
        (200, b"", SignalKind.BROKEN),
        (200, b'{"ok":tru', SignalKind.BROKEN),
        (200, {"ok": "true", "result": True}, SignalKind.BROKEN),
        (200, {"ok": True}, SignalKind.BROKEN),
        (200, {"ok": False, "description": "Bad Request: x"}, SignalKind.BROKEN),
        (400, {"ok": True, "result": True}, SignalKind.BROKEN),
        (200, [], SignalKind.BROKEN),
    ],
)
def test_an_answer_is_what_it_is(status: int, body: Any, expected: SignalKind) -> None:
    assert kind(status, body) is expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"ok": True, "result": True}, SignalKind.ANSWERED),
        (200, {"ok": True, "result": True, "parameters": {"retry_after": 3}}, SignalKind.ANSWERED),
        (502, b"<html>Bad Gateway</html>", SignalKind.BROKEN),
        (503, b"<html>Maintenance</html>", SignalKind.BROKEN),
        (429, b"<html>Slow down</html>", SignalKind.LIMITED),
    ],
)
def test_somebody_on_the_way_who_asks_to_wait_does_not_vouch_that_nothing_was_done(
    status: int, body: Any, expected: SignalKind
) -> None:
    assert kind(status, body, **{"Retry-After": "5"}) is expected


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"ok": False, "parameters": {"retry_after": 35}}, {"Retry-After": "1"}, 35.0),
        ({"ok": False}, {"Retry-After": "4"}, 4.0),
        ({"ok": False}, {}, None),
        ({"ok": False, "parameters": {"retry_after": "soon"}}, {}, None),
        ({"ok": False, "parameters": {"retry_after": -1}}, {}, None),
        ({"ok": False, "parameters": []}, {"Retry-After": "Wed, 21 Oct"}, None),
    ],
)
def test_the_wait_is_taken_from_the_parameters_first(
    body: Any, headers: dict[str, str], seconds: float | None
) -> None:
    signal = read_signal(ROUTE, 429, headers, json.dumps(body).encode())
    assert (signal.kind, signal.retry_after) == (SignalKind.LIMITED, seconds)


@given(st.integers(200, 599), JSON, st.binary(max_size=20))
def test_whatever_comes_is_read_without_failing_and_only_a_whole_answer_is_one(
    status: int, body: Any, raw: bytes
) -> None:
    for one in (body, raw):
        if kind(status, one) is SignalKind.ANSWERED:
            assert isinstance(one, dict)
            assert isinstance(one["ok"], bool)
            assert one["ok"] == (status < 300)
