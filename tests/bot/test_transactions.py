"""Transactions on SQLite, driven from the loop: whole or not at all, however their caller ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, text

from bot.store.db import Store, StoreBusy
from bot.store.file import READERS

pytestmark = pytest.mark.sqlite_only("PostgreSQL's driver waits in the loop by itself")
NOTES = text("SELECT what FROM note ORDER BY what")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.at(tmp_path / "some.db")
    async with opened.write() as tx:
        await tx.execute(text("CREATE TABLE note (what TEXT)"))
    yield opened
    await opened.aclose()


async def notes(store: Store) -> list[str]:
    async with store.read() as tx:
        return list(await tx.scalars(NOTES))


async def write(store: Store, *what: str) -> None:
    async with store.write() as tx:
        for one in what:
            await tx.execute(text("INSERT INTO note VALUES (:what)"), {"what": one})


async def test_what_was_read_stays_readable_after_its_transaction(store: Store) -> None:
    await write(store, "a", "b", "c")
    async with store.read() as tx:
        found = await tx.execute(NOTES)
    assert found.scalars().all() == ["a", "b", "c"]


async def test_a_block_that_fails_writes_nothing_and_the_next_one_writes(store: Store) -> None:
    async def fails() -> None:
        async with store.write() as tx:
            await tx.execute(text("INSERT INTO note VALUES ('lost')"))
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    await write(store, "kept")
    assert await notes(store) == ["kept"]


async def test_a_read_sees_one_snapshot_while_another_writes(store: Store) -> None:
    await write(store, "a")
    async with store.read() as tx:
        assert list(await tx.scalars(NOTES)) == ["a"]
        await write(store, "b")
        assert list(await tx.scalars(NOTES)) == ["a"]
    assert await notes(store) == ["a", "b"]


async def test_a_caller_cancelled_within_a_statement_waits_for_it_and_nothing_is_written(
    store: Store,
) -> None:
    inside, go_on = Event(), Event()

    def slow(connection: Connection) -> None:
        connection.execute(text("INSERT INTO note VALUES ('half')"))
        inside.set()
        assert go_on.wait(30)

    async def writes() -> None:
        async with store.write() as tx:
            await tx.run_sync(slow)

    task = asyncio.create_task(writes())
    await asyncio.to_thread(inside.wait, 30)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()  # its thread still works on the connection
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await write(store, "whole")
    assert await notes(store) == ["whole"]


async def test_one_reader_too_many_is_told_that_every_connection_is_in_use(
    store: Store, tmp_path: Path
) -> None:
    impatient = Store.at(tmp_path / "some.db", busy_timeout=0.05)
    async with AsyncExitStack() as stack:
        for _ in range(READERS):
            tx = await stack.enter_async_context(impatient.read())
            assert list(await tx.scalars(NOTES)) == []
        await write(store, "a")
        with pytest.raises(StoreBusy, match="every connection to the database is in use"):
            await notes(impatient)
    assert await notes(impatient) == ["a"]
    await impatient.aclose()


async def test_as_many_as_there_are_read_side_by_side_and_the_others_after_them(store: Store) -> None:
    await write(store, "a")
    assert await asyncio.gather(*(notes(store) for _ in range(4 * READERS))) == [["a"]] * 4 * READERS
