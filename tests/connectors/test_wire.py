"""The wire: what it lets out, what it refuses, and what each failure means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import RateLimit
from connectors.errors import ConnectorError, Forbidden, Unavailable
from connectors.permits import only_while
from connectors.redaction import Redactor
from connectors.wire import (
    Access,
    AnswerLost,
    NotSent,
    Route,
    Signal,
    SignalKind,
    Wire,
    WireSettings,
)

ROUTES = (
    Route("read", frozenset({"GET"}), "api", "things/{id}", Access.READ, "fast"),
    Route("write", frozenset({"POST"}), "api", "things/{id}/remove", Access.WRITE, "fast"),
)
Answer = Callable[[bytes], bytes | None]


def signal(_: Route, status: int, __: Mapping[str, str], ___: bytes) -> Signal:
    if status == 429:
        return Signal(SignalKind.LIMITED, retry_after=60.0)
    return Signal(SignalKind.BROKEN if status >= 500 else SignalKind.ANSWERED, reason=f"HTTP {status}")


def answer(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def served(*answers: bytes | None, **changes: Any) -> AsyncIterator[tuple[Wire, str, list[bytes]]]:
    """A raw server that gives the answers in turn (None: hangs up unread), and a wire to it."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(head.split(b"\r\n")[0])
                given_ = answers[min(len(asked), len(answers)) - 1]
                if given_ is None:
                    break
                writer.write(given_)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
    wire = Wire(replace(settings(url), **changes), Redactor(["secret-token"]))
    try:
        yield wire, url, asked
    finally:
        await wire.aclose()
        server.close()
        await server.wait_closed()


def settings(url: str) -> WireSettings:
    limits = (RateLimit("fast", 100, 1.0),)
    return WireSettings(
        {"api": url}, ROUTES, limits, signal, pace_scale=0.0, total_timeout=5.0, backoff=0.001
    )


async def test_what_is_named_gets_out_and_comes_back() -> None:
    async with served(answer(b"here", "200 OK", "X-Id: 7"), request_id_header="X-Id") as (wire, url, asked):
        with wire.recording() as exchanges:
            async with wire.session.get(url + "things/1") as response:
                assert await response.read() == b"here"
    assert asked == [b"GET /api/things/1 HTTP/1.1"]
    assert (exchanges[0].route, exchanges[0].status, exchanges[0].request_id) == ("read", 200, "7")


async def test_a_nul_that_no_database_keeps_is_replaced_before_anybody_reads_it() -> None:
    body = rb'{"name": "a\u0000b", "said": "\\u0000 \\\u0000"}'
    async with served(answer(body)) as (wire, url, _), wire.session.get(url + "things/1") as response:
        read = await response.json(content_type=None)
    assert read == {"name": "a\ufffdb", "said": "\\u0000 \\\ufffd"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "things/1"),
        ("GET", "things/1/remove"),
        ("GET", "things/"),
        ("GET", "things/1/2"),
        ("GET", "other"),
        ("GET", "../secret"),
        ("POST", "things/1"),
    ],
)
async def test_what_is_not_named_never_gets_out(method: str, path: str) -> None:
    async with served(answer()) as (wire, url, asked):
        with pytest.raises(Forbidden, match="allow-list"):
            await wire.session.request(method, url + path)
        assert (asked, wire.connections) == ([], [])


async def test_no_other_host_is_asked() -> None:
    async with served(answer()) as (wire, _, asked), served(answer()) as (__, elsewhere, reached):
        with pytest.raises(Forbidden):
            await wire.session.get(elsewhere + "things/1")
        assert (asked, reached) == ([], [])


async def test_a_secret_in_an_address_is_not_repeated_in_the_refusal() -> None:
    async with served(answer()) as (wire, url, _):
        with pytest.raises(Forbidden) as raised:
            await wire.session.get(url + "secret-token")
    assert "secret-token" not in str(raised.value)


async def test_a_dry_run_reads_and_never_writes() -> None:
    async with served(answer(), read_only=True) as (wire, url, asked):
        async with wire.session.get(url + "things/1") as response:
            assert response.status == 200
        with pytest.raises(Forbidden, match="dry run"):
            await wire.session.post(url + "things/1/remove")
        assert len(asked) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with served(answer(b"", "302 Found", "Location: /api/things/2")) as (wire, url, asked):
        with pytest.raises(Unavailable, match="redirect"):
            await wire.session.get(url + "things/1")
        with pytest.raises(AnswerLost, match="redirect"):
            await wire.session.post(url + "things/1/remove")
    assert not [line for line in asked if b"things/2" in line]


async def test_a_write_is_sent_once_and_its_loss_is_no_connector_error() -> None:
    async with served(None) as (wire, url, asked):
        with pytest.raises(AnswerLost) as raised:
            await wire.session.post(url + "things/1/remove")
        assert len(asked) == 1
    assert not isinstance(raised.value, ConnectorError)


async def test_a_read_is_tried_again_a_few_times_and_no_more() -> None:
    async with served(answer(b"", "503 No"), answer(b"", "503 No"), answer()) as (wire, url, asked):
        async with wire.session.get(url + "things/1") as response:
            assert response.status == 200
        assert len(asked) == 3
    async with served(answer(b"", "503 No")) as (wire, url, asked):
        with pytest.raises(Unavailable):
            await wire.session.get(url + "things/1")
        assert len(asked) == 3


async def test_no_connection_is_surely_not_sent() -> None:
    async with served(answer()) as (_, gone, __):
        pass
    wire = Wire(settings(gone), Redactor())
    for call in (wire.session.get(gone + "things/1"), wire.session.post(gone + "things/1/remove")):
        with pytest.raises(NotSent):
            await call
    await wire.aclose()


async def test_an_answer_that_never_ends_is_cut_off_by_time() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
    async with served(half, read_tries=1, total_timeout=0.1) as (wire, url, _):
        with pytest.raises(Unavailable):
            await wire.session.get(url + "things/1")


async def test_an_answer_too_large_is_cut_off_by_size() -> None:
    async with served(answer(b"x" * 2000), read_tries=1, max_response_bytes=1000) as (wire, url, _):
        with pytest.raises(Unavailable, match="ClientPayloadError"):
            await wire.session.get(url + "things/1")
        with pytest.raises(AnswerLost):
            await wire.session.post(url + "things/1/remove")


async def test_while_limited_nothing_is_sent() -> None:
    async with served(answer(b"", "429 Slow"), longest_read_wait=1.0) as (wire, url, asked):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await wire.session.get(url + "things/1")
        with pytest.raises(Unavailable) as raised:
            await wire.session.get(url + "things/1")
        assert len(asked) == 1
    assert raised.value.retry_after is not None
    assert 30 < raised.value.retry_after <= 64


async def test_a_write_whose_permission_ended_while_it_waited_is_not_sent() -> None:
    async with served(answer()) as (wire, url, asked):
        with only_while(lambda: False), pytest.raises(Unavailable) as raised:
            await wire.session.post(url + "things/1/remove")
        assert raised.value.retry_after is not None
        with only_while(lambda: False):
            assert (await wire.session.get(url + "things/1")).status == 200, "a read changes nothing"
        with only_while(lambda: True):
            assert (await wire.session.post(url + "things/2/remove")).status == 200
    assert [line.split()[1] for line in asked] == [b"/api/things/1", b"/api/things/2/remove"]


async def test_every_connection_is_written_down() -> None:
    async with served(answer()) as (wire, url, _):
        async with wire.session.get(url + "things/1"):
            pass
        assert [f"http://{host}:{port}/api/" for host, port in wire.connections] == [url]


async def test_cookies_a_server_sets_are_not_sent_back() -> None:
    async with served(answer(b"", "200 OK", "Set-Cookie: a=b")) as (wire, url, _):
        async with wire.session.get(url + "things/1"):
            pass
        assert not list(wire.session.cookie_jar)


async def test_recordings_nest() -> None:
    async with served(answer()) as (wire, url, _):
        with wire.recording() as outer:
            with wire.recording() as inner:
                async with wire.session.get(url + "things/1"):
                    pass
            assert len(inner) == 1
        assert outer == inner


@given(st.text(alphabet="abc/%2Fd", min_size=1, max_size=12))
def test_an_id_is_always_one_segment(segment: str) -> None:
    assert ROUTES[0].matches("GET", "api", f"things/{segment}") == ("/" not in segment)
