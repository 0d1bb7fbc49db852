"""An installation moves to PostgreSQL and back, its log intact; killed anywhere, it is empty or whole."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock

from bot.keeping.copying import our_tables
from tests.bot.cli.shop import Answer, Shop

ROOT = Path(__file__).parents[3]
BAWAB = (sys.executable, "-m", "bot.surfaces.cli.main")
Maker = Callable[[], str]


def everything(shop: Shop) -> dict[str, list[Any]]:
    """Every row of the SQLite file, in the order of its keys."""
    with closing(sqlite3.connect(shop.folder / "data" / "bawab.db")) as connection:
        return {
            table.name: sorted(connection.execute(f'SELECT * FROM "{table.name}"'), key=str)  # noqa: S608
            for table in our_tables()
        }


def in_postgres(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def go_on_with(shop: Shop, url: str) -> None:
    shop.write_settings(DATABASE_URL=url)


def test_everything_moves_and_the_log_goes_on_where_it_ended(shop: Shop, new_database: Maker) -> None:
    before, url = everything(shop), new_database()
    done = shop.bawab("migrate-database", "--to", url)
    assert done.code == 0, done.err
    assert f"BAWAB_DATABASE_URL={url}" in done.out
    assert everything(shop) == before  # the old one is as it was
    for name, rows in before.items():
        moved = in_postgres(url, f'SELECT count(*) FROM "{name}"')[0][0]  # noqa: S608
        assert moved == len(rows) + (name == "audit_entry"), name
    go_on_with(shop, url)
    verified = shop.bawab("audit", "verify", "--json")
    assert (verified.code, verified.data["ok"]) == (0, True)
    assert verified.data["entries"] == len(before["audit_entry"]) + 1
    moves = shop.bawab("audit", "search", "action:database.move", "--json").data["entries"]
    assert [(one["seq"], one["actor"]) for one in moves] == [(verified.data["entries"], "person:noura")]
    ran = shop.run_once()
    assert ran.code in (0, 3), ran.err


def test_the_old_database_is_refused_by_every_command_until_the_mark_is_taken_away(
    shop: Shop, new_database: Maker
) -> None:
    assert shop.bawab("migrate-database", "--to", new_database()).code == 0
    refused = [shop.run_once(), shop.bawab("status"), shop.bawab("audit", "verify")]
    assert [one.code for one in refused] == [5, 5, 5]
    assert all("this database was moved to postgresql://" in one.err for one in refused)
    (shop.folder / "data" / "database-moved.json").unlink()
    assert shop.bawab("status").code == 0


def test_it_moves_back(shop: Shop, new_database: Maker) -> None:
    url, back = new_database(), shop.folder / "back.db"
    assert shop.bawab("migrate-database", "--to", url).code == 0
    go_on_with(shop, url)
    assert shop.bawab("notices", "stop").code == 0
    done = shop.bawab("migrate-database", "--to", f"sqlite:///{back}", "--json")
    assert done.code == 0, done.err
    go_on_with(shop, f"sqlite+aiosqlite:///{back}")
    verified = shop.bawab("audit", "verify", "--json").data
    assert (verified["ok"], verified["entries"] >= done.data["entries"]) == (True, True)
    assert shop.bawab("status", "--json").data["messages_stopped_by"] == "person:noura"
    with closing(sqlite3.connect(back)) as connection:
        refused = refusal(connection, "UPDATE audit_entry SET actor = 'x' WHERE seq = 1")
    assert "never changed" in refused


def refusal(connection: sqlite3.Connection, statement: str) -> str:
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        return str(error)
    return ""


def test_the_triggers_hold_in_the_new_database(shop: Shop, new_database: Maker) -> None:
    url = new_database()
    shop.bawab("migrate-database", "--to", url)
    for statement in (
        "UPDATE audit_entry SET actor = 'x' WHERE seq = 1",
        "DELETE FROM audit_entry WHERE seq = 1",
        "INSERT INTO audit_entry SELECT * FROM audit_entry WHERE seq = 1",
    ):
        with psycopg.connect(url) as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.Error:
                continue
        raise AssertionError(statement)


def refused(answer: Answer, why: str) -> None:
    assert answer.code == 5, answer.err
    assert why in answer.err


def test_a_running_bawab_keeps_it_from_moving(shop: Shop, new_database: Maker) -> None:
    with FileLock(shop.folder / "data" / "bawab.lock"):
        refused(shop.bawab("migrate-database", "--to", new_database()), "another `bawab run`")


def test_another_connection_keeps_a_server_from_being_left(shop: Shop, new_database: Maker) -> None:
    url = new_database()
    shop.bawab("migrate-database", "--to", url)
    go_on_with(shop, url)
    with psycopg.connect(url, application_name="bawab"):
        answer = shop.bawab("migrate-database", "--to", f"sqlite:///{shop.folder / 'x.db'}")
    refused(answer, "stop every `bawab run`")


def test_a_database_with_anything_in_it_is_refused_and_left_alone(shop: Shop, new_database: Maker) -> None:
    url = new_database()
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO meta (key, value) VALUES ('theirs', '1')")
    refused(shop.bawab("migrate-database", "--to", url), "is not empty")
    assert in_postgres(url, "SELECT key FROM meta") == [("theirs",)]
    assert shop.bawab("status").code == 0


def test_a_log_that_is_not_whole_does_not_move(shop: Shop, new_database: Maker) -> None:
    with closing(sqlite3.connect(shop.folder / "data" / "bawab.db")) as connection:
        connection.executescript(
            "DROP TRIGGER audit_entry_no_update; UPDATE audit_entry SET actor = 'person:omar' WHERE seq = 3"
        )
    url = new_database()
    refused(shop.bawab("migrate-database", "--to", url), "not whole")
    assert in_postgres(url, "SELECT count(*) FROM audit_entry") == [(0,)]


def test_what_the_new_database_cannot_hold_stops_the_move_and_changes_nothing(
    shop: Shop, new_database: Maker
) -> None:
    with closing(sqlite3.connect(shop.folder / "data" / "bawab.db")) as connection, connection:
        connection.execute("INSERT INTO meta (key, value) VALUES ('a', char(0))")
    url = new_database()
    refused(shop.bawab("migrate-database", "--to", url), "Nothing was changed")
    assert in_postgres(url, "SELECT count(*) FROM person") == [(0,)]
    assert shop.bawab("status").code == 0


def test_killed_before_the_mark_a_second_try_ends_the_move(shop: Shop, new_database: Maker) -> None:
    url, head = new_database(), shop.folder / "data" / "audit-head.json"
    signed = head.read_bytes()
    assert shop.bawab("migrate-database", "--to", url).code == 0
    mark = shop.folder / "data" / "database-moved.json"
    mark.unlink()  # as if killed right before it was written: the head outside had not moved on either
    head.write_bytes(signed)
    before = in_postgres(url, "SELECT count(*), max(seq) FROM audit_entry")
    again = shop.bawab("migrate-database", "--to", url)
    assert again.code == 0, again.err
    assert mark.exists()
    assert in_postgres(url, "SELECT count(*), max(seq) FROM audit_entry") == before


def test_killed_anywhere_the_new_one_is_empty_or_whole(shop: Shop, new_database: Maker) -> None:
    before = everything(shop)
    for tenths in (9, 15):
        url = new_database()
        child = subprocess.Popen(
            [*BAWAB, "--env-file", str(shop.env_file), "migrate-database", "--to", url],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(tenths / 10)
        child.send_signal(signal.SIGKILL)
        child.wait()
        count = in_postgres(url, "SELECT count(*) FROM audit_entry")[0][0]
        assert count in (0, len(before["audit_entry"]) + 1)
        assert everything(shop) == before
        (shop.folder / "data" / "database-moved.json").unlink(missing_ok=True)
