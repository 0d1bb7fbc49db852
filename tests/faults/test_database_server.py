"""A PostgreSQL that is busy, full up, silent or lacks rights is told in words; two processes never cross."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import bot.store.access_tables
import bot.store.audit_tables
import bot.store.group_tables
import bot.store.tables  # noqa: F401 - they register their tables
from bot.store.db import Store, StoreAway, StoreBusy, StoreProblem
from bot.store.server import CONNECTIONS, WRITER
from tests.faults.wire_cutter import cutting
from tests.postgres import Server, fresh, server, template

ROUNDS = 25
READ = "SELECT value FROM meta WHERE key = 'n'"
WRITE = "UPDATE meta SET value = '{}' WHERE key = 'n'"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server for this module."""
    with server() as running:
        template(running)
        yield running


@pytest.fixture
async def store(postgres: Server) -> AsyncIterator[Store]:
    """A store that waits for nothing longer than half a second."""
    opened = Store.open(fresh(postgres), busy_timeout=0.5)
    yield opened
    await opened.aclose()


async def test_a_lock_that_another_session_keeps_is_said_and_later_all_is_fine(store: Store) -> None:
    other = await psycopg.AsyncConnection.connect(store.url)
    async with other:
        await other.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER])
        with pytest.raises(StoreBusy, match="pg_stat_activity"):
            await store.batch(_nothing)
        with pytest.raises(StoreBusy, match="another process has been writing"):
            async with store.write():
                raise AssertionError("the lock was not ours to take")
        async with store.read() as tx:
            await tx.execute(text(READ))
    assert await store.batch(_nothing) == 1


def _nothing(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


async def test_when_every_connection_is_in_use_it_is_said_and_later_all_is_fine(store: Store) -> None:
    async with AsyncExitStack() as readers:
        for _ in range(2 * CONNECTIONS):
            tx = await readers.enter_async_context(store.read())
            await tx.execute(text(READ))
        with pytest.raises(StoreBusy, match="every connection to the database is in use"):
            async with store.read():
                raise AssertionError("there was none left")
        assert await store.batch(_nothing) == 1, "the hot path has connections of its own"
    async with store.read() as tx:
        await tx.execute(text(READ))


async def test_thirty_readers_at_once_are_all_served(store: Store) -> None:
    patient = Store.open(store.url)

    async def look() -> int:
        async with patient.read() as tx:
            return int((await tx.execute(text("SELECT 1"))).scalar_one())

    assert await asyncio.gather(*(look() for _ in range(30))) == [1] * 30
    await patient.aclose()


async def test_a_read_sees_one_snapshot_whatever_is_written_meanwhile(store: Store) -> None:
    await _begin(store)
    async with store.read() as tx:
        before = (await tx.execute(text(READ))).scalar_one()
        async with store.write() as writing:
            await writing.execute(text(WRITE.format(7)))
        assert (await tx.execute(text(READ))).scalar_one() == before
    async with store.read() as tx:
        assert (await tx.execute(text(READ))).scalar_one() == "7"


async def _begin(store: Store) -> None:
    async with store.write() as tx:
        await tx.execute(text("INSERT INTO meta (key, value) VALUES ('n', '0')"))


async def test_two_processes_that_read_check_and_write_never_lose_each_others_word(store: Store) -> None:
    """Both ways of writing, on two stores: what was read is still so when it is written."""
    await _begin(store)
    other = Store.open(store.url, busy_timeout=20)
    patient = Store.open(store.url, busy_timeout=20)

    def one_more(connection: Connection) -> None:
        found = int(connection.execute(text(READ)).scalar_one())
        connection.execute(text(WRITE.format(found + 1)))

    try:
        for _ in range(ROUNDS):
            await asyncio.gather(patient.batch(one_more), other.run_sync(one_more), other.batch(one_more))
        async with store.read() as tx:
            assert (await tx.execute(text(READ))).scalar_one() == str(3 * ROUNDS)
    finally:
        await other.aclose()
        await patient.aclose()


async def test_a_host_that_vanished_in_a_write_holds_the_others_up_for_no_longer_than_is_said(
    store: Store,
) -> None:
    """What makes the server notice: its own keepalives for this session, and an end to standing still."""
    names = ("tcp_keepalives_idle", "tcp_user_timeout", "idle_in_transaction_session_timeout")
    async with store.write() as tx:
        shown = await tx.execute(text("SELECT name, setting FROM pg_settings"))
        settings = dict(tuple(row) for row in shown.all())
    assert [settings[name] for name in names] == ["5", "15000", "120000"], "seconds, and milliseconds"


async def test_a_wire_cut_in_a_write_is_a_server_away_and_the_write_did_not_happen(
    store: Store, postgres: Server
) -> None:
    await _begin(store)
    async with cutting(postgres.port) as (cutter, port):
        there = Store.open(store.url.replace(f":{postgres.port}/", f":{port}/"))
        cutter.when, cutter.next_cut = "before", 1
        with pytest.raises(StoreAway, match="does not answer"):
            await there.batch(lambda tx: tx.execute(text(WRITE.format(9))))
        await there.aclose()
    async with store.read() as tx:
        assert (await tx.execute(text(READ))).scalar_one() == "0"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE step CASCADE; SELECT * FROM step", "has no tables yet"),
        ("SET ROLE nobody_special; SELECT * FROM step", "lacks a right"),
        ("SET transaction_read_only = on; UPDATE meta SET key = key", "not there for us now"),
    ],
)
async def test_what_the_server_refuses_is_said_with_what_to_do(
    store: Store, statement: str, words: str
) -> None:
    with psycopg.connect(store.url, autocommit=True) as owner:
        owner.execute(
            "DO $$ BEGIN CREATE ROLE nobody_special; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    with pytest.raises(StoreProblem, match=words):
        await store.batch(lambda tx: tx.exec_driver_sql(statement))


async def test_an_unknown_database_is_said(store: Store) -> None:
    nowhere = Store.open(store.url + "_nowhere")
    with pytest.raises(StoreAway, match="does not exist"):
        await nowhere.batch(_nothing)
    await nowhere.aclose()


async def test_the_migrations_lead_to_the_tables_of_today_on_postgresql_too(store: Store) -> None:
    found: list[object] = []

    def differences(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found.extend(compare_metadata(context, SQLModel.metadata))

    await store.run_sync(differences)
    assert found == []
