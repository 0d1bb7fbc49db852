"""On a PostgreSQL made for a language, text is ordered by its bytes all the same, as SQLite orders it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from bot.store.db import Store
from bot.store.migrate import migrate
from tests.postgres import server

IDS = ("_x", "B1", "a1", "a-1", "a_1", "A1", "Z", "é", "م", "10", "9")
ENGLISH = (
    "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0",
    "LC_COLLATE 'en_US.UTF-8' LC_CTYPE 'en_US.UTF-8' TEMPLATE template0",
)


@pytest.fixture(scope="module")
def english() -> Iterator[str]:
    """An empty database in which a sorts before B."""
    with server() as running:
        with psycopg.connect(running.url(), autocommit=True) as connection:
            for number, how in enumerate(ENGLISH):
                try:
                    connection.execute(f"CREATE DATABASE english_{number} {how}".encode())
                except psycopg.Error:
                    continue
                yield running.url(f"english_{number}")
                return
        pytest.skip("this PostgreSQL knows no language's order: it has neither ICU nor en_US")


async def test_text_is_in_the_order_of_its_bytes_on_a_database_in_english(english: str) -> None:
    values = ", ".join(f"('{name}')" for name in IDS)
    store = Store.open(english)
    try:
        await migrate(store)
    finally:
        await store.aclose()
    with psycopg.connect(english) as connection:
        as_english = [row[0] for row in connection.execute(f"VALUES {values} ORDER BY 1".encode())]
        for name in IDS:
            connection.execute("INSERT INTO meta (key, value) VALUES (%s, '')", [name])
        found = [row[0] for row in connection.execute("SELECT key FROM meta ORDER BY key")]
        page = connection.execute("SELECT key FROM meta WHERE key > 'Z' ORDER BY key").fetchall()
    assert found == sorted(IDS) != as_english
    assert [row[0] for row in page] == [name for name in sorted(IDS) if name > "Z"]


async def test_no_column_of_ours_is_left_in_a_languages_order(english: str) -> None:
    store = Store.open(english)
    try:
        await migrate(store)
    finally:
        await store.aclose()
    with psycopg.connect(english) as connection:
        others = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C' "
            "AND table_name NOT LIKE 'procrastinate%' AND table_name <> 'alembic_version'"
        ).fetchall()
        all_text = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE collation_name = 'C'"
        ).fetchone()
    assert others == []
    assert all_text is not None
    assert all_text[0] > 100
