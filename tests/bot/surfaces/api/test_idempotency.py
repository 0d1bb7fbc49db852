"""The same key does nothing twice: not when asked again, not at once, not after a crash in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.audit.actions import Action
from bot.audit.asked import ASKED
from bot.audit.entry import Entry
from bot.store.access_tables import IdempotencyRow
from bot.store.query import change, columns, where
from bot.surfaces.api.idempotency import KEEP, LEASE, Answer, Asked, Keys, Turn, left_alone
from bot.surfaces.api.problems import Code, Problem
from tests.bot.surfaces.api.calling import Client, Office
from tests.bot.world import START

LEAVES = {"person_id": "ana", "last_day": "2026-11-30", "exit_type": "resignation"}


async def rows(desk: Office) -> list[IdempotencyRow]:
    async with desk.app.store.read() as tx:
        return await where(tx, IdempotencyRow)


async def opened(noura: Client, key: str) -> tuple[int, str]:
    answer = await noura("POST", "/cases", key=key, json=LEAVES)
    return answer.status_code, answer.text


async def as_if_killed(desk: Office) -> None:
    """Leave the key as a process leaves it that dies after the act: begun by another, and not answered."""
    (row,) = await rows(desk)
    body = {"after": 0, "request": (await desk.entries("case.open"))[-1]["request_id"], "boot": "another"}
    async with desk.app.store.write() as tx:
        await change(
            tx, IdempotencyRow, {"status": None, "body": body}, columns(IdempotencyRow).key == row.key
        )


async def test_the_same_request_with_its_key_is_answered_alike_and_done_once(desk: Office) -> None:
    noura = await desk.as_("noura")
    first = await noura("POST", "/cases", key="k-1", json=LEAVES)
    assert first.status_code == 201, first.text
    again = await noura("POST", "/cases", key='"k-1"', json=LEAVES)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"] == f"/api/v1/cases/{first.json()['id']}"
    assert len(await desk.world.cases()) == 1


async def test_a_key_of_another_request_is_refused_and_of_another_token_is_another_key(desk: Office) -> None:
    noura, huda = await desk.as_("noura"), await desk.as_("huda")
    assert (await opened(noura, "k-1"))[0] == 201
    other = await noura("POST", "/cases", key="k-1", json={**LEAVES, "person_id": "omar"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await huda("POST", "/cases", key="k-1", json={**LEAVES, "person_id": "omar"})).status_code == 201


async def test_an_unsafe_request_without_a_key_does_nothing(desk: Office) -> None:
    noura = await desk.as_("noura")
    bare = {"Authorization": f"Bearer {noura.token}"}
    for headers in (bare, {**bare, "Idempotency-Key": ""}, {**bare, "Idempotency-Key": "x" * 300}):
        answer = await desk.http.post("/cases", headers=headers, json=LEAVES)
        assert answer.status_code in (400, 422), headers
    assert await desk.world.cases() == []


async def test_the_same_request_twice_at_once_is_done_once(desk: Office) -> None:
    noura = await desk.as_("noura")
    found = await asyncio.gather(*(opened(noura, "k-1") for _ in range(6)))
    assert {status for status, _ in found} <= {201, 409}
    assert len({text for status, text in found if status == 201}) == 1
    assert len(await desk.world.cases()) == 1


async def test_while_a_request_is_being_done_its_key_is_nobody_elses_turn(desk: Office) -> None:
    keys, asked = Keys(desk.app), Asked("tok_1", "k-1", "digest", "req_1")
    async with keys.turn(asked) as first:
        assert isinstance(first, Turn)
        with pytest.raises(Problem) as refused:
            async with keys.turn(replace(asked, request_id="req_2")):
                pass
        assert refused.value.code == Code.IN_PROGRESS
        await keys.answered(first, Answer(201, {"id": "case_1"}))
    async with keys.turn(asked) as second:
        assert second == Answer(201, {"id": "case_1"})


async def test_a_refusal_in_the_log_is_not_taken_for_what_the_request_did(desk: Office) -> None:
    keys, asked = Keys(desk.app), Asked("tok_1", "k-1", "digest", "req_1")
    async with keys.turn(asked), desk.app.store.write() as tx:
        await desk.app.audit.append(tx, Entry(Action.ACCESS_REFUSE, "person:noura", outcome="refused"))
    async with keys.turn(asked) as again:
        assert isinstance(again, Turn)
        assert again.did is None
        async with desk.app.store.write() as tx:
            await desk.app.audit.append(tx, Entry(Action.CASE_OPEN, "person:noura", case_id="case_1"))
    async with keys.turn(asked) as done:
        assert isinstance(done, Turn)
        assert done.did is not None
        assert done.did["case_id"] == "case_1"


async def test_killed_after_the_act_it_is_answered_by_what_the_log_says_was_done(desk: Office) -> None:
    noura = await desk.as_("noura")
    status, text = await opened(noura, "k-1")
    await as_if_killed(desk)
    assert await opened(noura, "k-1") == (status, text), "the same case, answered again"
    assert len(await desk.world.cases()) == 1
    assert [row.status for row in await rows(desk)] == [201]


async def test_killed_before_the_act_it_is_done_by_whoever_is_asked_again(desk: Office) -> None:
    noura = await desk.as_("noura")
    await opened(noura, "k-1")
    await as_if_killed_before(desk, "k-1")
    desk.world.clock.turn(minutes=11)  # on a server another process might live, and is waited for
    other = await noura("POST", "/cases", key="k-1", json={**LEAVES, "person_id": "omar"})
    assert other.status_code == 422, "a key says what it was for even while nobody has answered"
    again = await noura("POST", "/cases", key="k-1", json=LEAVES)
    assert again.json()["reason"] == "has_case", "done anew, and so the act itself looked again"


def test_a_process_that_may_live_is_left_to_what_it_began_and_not_for_ever() -> None:
    row = IdempotencyRow(token_id="tok", key="k", request_hash="", body={"boot": "another"}, created_at=START)
    assert left_alone("postgresql", row, START) == LEASE
    assert left_alone("postgresql", row, START + LEASE / 2) == LEASE / 2
    assert left_alone("postgresql", row, START + 2 * LEASE) == timedelta(0)
    assert left_alone("sqlite", row, START) == timedelta(0), "one process holds the folder: the other is dead"


async def as_if_killed_before(desk: Office, key: str) -> None:
    body = {"after": 10**6, "request": "req_000000000000", "boot": "another"}
    async with desk.app.store.write() as tx:
        await change(tx, IdempotencyRow, {"status": None, "body": body}, columns(IdempotencyRow).key == key)


async def test_what_an_act_refuses_is_kept_and_what_never_reached_it_is_not(desk: Office) -> None:
    noura = await desk.as_("noura")
    assert (await opened(noura, "k-1"))[0] == 201
    refused = await noura("POST", "/cases", key="k-2", json=LEAVES)
    assert (refused.status_code, refused.json()["reason"]) == (409, "has_case")
    wrong = await noura("POST", "/cases", key="k-3", json={**LEAVES, "last_day": "soon"})
    assert wrong.status_code == 422
    mended = await noura("POST", "/cases", key="k-3", json={**LEAVES, "person_id": "omar"})
    assert mended.status_code == 201, "the key of a request that never got anywhere is free"
    case = (await desk.world.cases())[0]
    await noura("POST", f"/cases/{case.id}/cancel", json={"reason": "entered twice"})
    again = await noura("POST", "/cases", key="k-2", json=LEAVES)
    assert again.json()["reason"] == "has_case", "the same key has the same answer"


async def test_answers_are_kept_a_day_at_least_and_then_swept(desk: Office) -> None:
    noura = await desk.as_("noura")
    await opened(noura, "k-1")
    desk.world.clock.turn(hours=24)
    await opened(noura, "k-2")
    assert {row.key for row in await rows(desk)} == {"k-1", "k-2"}
    desk.world.clock.turn(seconds=(KEEP - timedelta(hours=23)).total_seconds())
    await opened(noura, "k-3")
    assert {row.key for row in await rows(desk)} == {"k-2", "k-3"}


async def test_every_entry_of_an_act_names_the_request_that_asked_for_it(desk: Office) -> None:
    noura = await desk.as_("noura")
    answer = await noura("POST", "/cases", json=LEAVES)
    entries = [row for row in await desk.world.log() if row["request_id"] == answer.headers["x-request-id"]]
    assert {"run.start", "case.open"} <= {row["action"] for row in entries}
    assert ASKED.get() is None
