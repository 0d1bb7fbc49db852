"""Reads of the same moment leave together: once each, every caller with its own answers and evidence."""

from __future__ import annotations

import asyncio

import pytest

from connectors.chat.teams.sandbox import FaultKind
from connectors.errors import BadCredentials, Unavailable
from connectors.pooling import Pool
from tests.connectors.teams.stage import staged
from tests.connectors.teams.test_few_calls import crowd, removals


async def test_callers_of_one_moment_share_a_load_and_the_next_moment_is_another() -> None:
    loads: list[list[str]] = []

    async def send(asks: object) -> list[str]:
        assert isinstance(asks, list)
        loads.append(asks)
        return [ask.upper() for ask in asks]

    pool: Pool[str, str] = Pool(send, str)
    found = await asyncio.gather(pool.read(["a", "b"]), pool.read(["b", "c", "b"]), pool.read([]))
    assert await pool.read(["a"]) == ["A"], "read anew, never kept"
    assert list(found) == [["A", "B"], ["B", "C", "B"], []]
    assert loads == [["a", "b", "c"], ["a"]]


async def test_what_befalls_a_load_befalls_each_of_its_callers() -> None:
    async def send(_: object) -> list[str]:
        raise Unavailable("down")

    pool: Pool[str, str] = Pool(send, str)
    found = await asyncio.gather(pool.read(["a"]), pool.read(["b"]), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable, Unavailable]


async def test_forty_people_planned_side_by_side_share_their_batches() -> None:
    people = 40
    async with staged(crowd(people, 3)) as stage:
        await stage.teams.own_account_ids()
        before = len(stage.requests())
        found = await asyncio.gather(*(stage.memberships(f"u-x{n}") for n in range(people)))
        asked = len(stage.requests()) - before
    assert all({f"g-x{n}" for n in range(3)} <= set(one) for one in found)
    assert asked <= (5 * people / 20) * 1.02, "five readings of each, twenty in a request"


async def test_a_refused_token_calls_an_operator_for_each_of_them() -> None:
    async with staged(crowd(3, 1)) as stage:
        await stage.teams.own_account_ids()
        stage.fault(FaultKind.TOKEN_REVOKED, "*", times=0)
        asked = (stage.memberships(f"u-x{n}") for n in range(3))
        found = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(one) for one in found} == {BadCredentials}


@pytest.mark.parametrize("people", [1, 2])
async def test_each_read_back_has_the_request_it_rests_on(people: int) -> None:
    async with staged(crowd(people, 1)) as stage:
        todo = removals(people, 1)
        seen = await asyncio.gather(*(stage.look(one) for one in todo))
    assert all(presences[0].evidence.request_id for presences in seen)
    assert all(dict(presences[0].evidence.facts)["requests"] == "1" for presences in seen)
