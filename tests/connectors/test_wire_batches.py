"""A request that carries others: each part is judged, and one that may not leave stops them all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import web

from connectors.contract import RateLimit
from connectors.errors import Forbidden
from connectors.redaction import Redactor
from connectors.routes import Access, Part, Route, Unreadable
from connectors.wire import RateLimited, Signal, SignalKind, Wire, WireSettings


def _parts(body: bytes) -> Sequence[Part]:
    try:
        return [Part(one["method"], one["url"]) for one in json.loads(body)["requests"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("it is no list of requests") from error


ROUTES = (
    Route("batch", frozenset({"POST"}), "api", "/batch", Access.READ, "fast", unpack=_parts),
    Route("member", frozenset({"GET"}), "api", "/teams/{team}/m/{id}", Access.READ, "fast"),
    Route(
        "remove",
        frozenset({"DELETE"}),
        "api",
        "/teams/{team}/m/{id}",
        Access.WRITE,
        "fast",
        per=(("team", "slow"),),
    ),
)


@pytest.fixture
async def heard() -> AsyncIterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0]
    yield f"http://{address[0]}:{address[1]}", bodies
    await runner.cleanup()


def _wire(url: str, *, read_only: bool = False, pace: float = 0.0) -> Wire:
    settings = WireSettings(
        bases={"api": f"{url}/v1.0"},
        routes=ROUTES,
        limits=(RateLimit("fast", 1000, 1.0), RateLimit("slow", 1, 60.0)),
        read_signal=lambda _route, _status, _headers, _body: Signal(SignalKind.ANSWERED),
        read_only=read_only,
        pace_scale=pace,
        longest_write_wait=0.05,
    )
    return Wire(settings, Redactor())


async def _send(wire: Wire, url: str, *parts: tuple[str, str]) -> None:
    body = {"requests": [{"method": method, "url": path} for method, path in parts]}
    async with wire.session.post(f"{url}/v1.0/batch", json=body):
        pass


async def test_allowed_parts_leave_together(heard: tuple[str, list[bytes]]) -> None:
    url, bodies = heard
    wire = _wire(url)
    with wire.recording() as exchanges:
        await _send(wire, url, ("GET", "/teams/t1/m/u1"), ("DELETE", "/teams/t1/m/u2"))
    await wire.aclose()
    assert len(bodies) == 1
    assert [exchange.access for exchange in exchanges] == [Access.WRITE]


@pytest.mark.parametrize(
    "part",
    [("DELETE", "/users/u1"), ("DELETE", "/teams/t1"), ("POST", "/batch"), ("DELETE", "/teams/t1/m/u1/..")],
)
async def test_one_part_that_may_not_leave_stops_all(
    heard: tuple[str, list[bytes]], part: tuple[str, str]
) -> None:
    url, bodies = heard
    wire = _wire(url)
    with pytest.raises(Forbidden, match="nothing was sent"):
        await _send(wire, url, ("GET", "/teams/t1/m/u1"), part)
    await wire.aclose()
    assert bodies == []


async def test_a_dry_run_lets_a_batch_of_reads_out_and_none_that_writes(
    heard: tuple[str, list[bytes]],
) -> None:
    url, bodies = heard
    wire = _wire(url, read_only=True)
    await _send(wire, url, ("GET", "/teams/t1/m/u1"))
    with pytest.raises(Forbidden, match="dry run"):
        await _send(wire, url, ("GET", "/teams/t1/m/u1"), ("DELETE", "/teams/t1/m/u1"))
    await wire.aclose()
    assert len(bodies) == 1


async def test_a_batch_whose_parts_cannot_be_told_does_not_leave(heard: tuple[str, list[bytes]]) -> None:
    url, bodies = heard
    wire = _wire(url)
    with pytest.raises(Forbidden, match="no list of requests"):
        async with wire.session.post(f"{url}/v1.0/batch", data=b"[1, 2"):
            pass
    await wire.aclose()
    assert bodies == []


async def test_parts_wait_for_the_limit_of_their_own_team(heard: tuple[str, list[bytes]]) -> None:
    url, bodies = heard
    wire = _wire(url, pace=1.0)
    await _send(wire, url, ("DELETE", "/teams/t1/m/u1"))
    await _send(wire, url, ("DELETE", "/teams/t2/m/u1"))
    with pytest.raises(RateLimited):
        await _send(wire, url, ("DELETE", "/teams/t1/m/u2"))
    await wire.aclose()
    assert len(bodies) == 2


async def test_a_part_refused_for_now_holds_its_own_route_back(heard: tuple[str, list[bytes]]) -> None:
    url, bodies = heard
    wire = _wire(url)
    assert wire.part_refused("DELETE", "api", "/teams/t1/m/u1", 9.0) >= 9.0
    with pytest.raises(RateLimited):
        await _send(wire, url, ("DELETE", "/teams/t1/m/u1"))
    await wire.aclose()
    assert bodies == []
