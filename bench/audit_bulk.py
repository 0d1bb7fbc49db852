"""Builds a long audit log quickly, inside SQLite: indexes and triggers come last, hashes are of no chain."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine

from bot.store.audit_tables import COLUMNS, create_audit

PEOPLE: Final = 5000
GROUPS: Final = 400
_FIRST_DAY: Final = 1_704_067_200
"""2024-01-01, in seconds since 1970; every commit of a thousand entries is some two hours later."""
_ROWS: Final = """
WITH RECURSIVE numbers(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM numbers WHERE i < :last),
kinds AS (SELECT i, i % 1000 = 500 AS failed, i % 500 = 250 AS by_hand FROM numbers)
INSERT INTO audit_entry ({columns})
SELECT i, strftime('%Y-%m-%dT%H:%M:%S.000000Z', :day + i / 1000 * 8000, 'unixepoch'),
iif(by_hand, 'person:noura', 'bawab'), iif(by_hand, 'hold.release', 'step.record'),
iif(by_hand, 'released', iif(failed, 'failed', 'verified_absent')),
iif(by_hand, NULL, printf('p_%016x', i % {people})), iif(by_hand, NULL, printf('case-%d', i % {people})),
iif(by_hand, NULL, printf('step-%d', i)), printf('run-%d', i / 10000), iif(by_hand, NULL, 'slack-main'),
iif(by_hand, NULL, 'slack'), iif(by_hand, NULL, printf('C%03d', i % {groups})), iif(by_hand, NULL, 'sales'),
'leavers.yaml:1', 'observed', printf('req-%d', i), iif(by_hand, NULL, '{{"member":true}}'),
iif(by_hand, NULL, '{{"member":false}}'), iif(by_hand, printf('{{"hold":"h%d"}}', i), NULL),
iif(by_hand, NULL, '1:' || hex(printf('%048d', i))), printf('%064x', i - 1), printf('%064x', i) FROM kinds
""".format(columns=", ".join(f'"{name}"' for name in COLUMNS), people=PEOPLE, groups=GROUPS)  # noqa: S608 - our own names
_AT_ONCE: Final = 500_000


def build(path: Path, entries: int) -> None:
    """Make a database of so many entries: mostly removals; of a thousand one failed, two are by hand."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        create_audit(connection)
    engine.dispose()
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=FILE"):
        database.execute(f"PRAGMA {pragma}")
    later = database.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'audit_entry' AND sql IS NOT NULL "
        "AND type IN ('index', 'trigger')"
    ).fetchall()
    for kind, name, _ in later:
        database.execute(f"DROP {kind} {name}")
    _people(database)
    for first in range(1, entries + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, entries)
        database.execute(_ROWS, {"first": first, "last": last, "day": _FIRST_DAY})
    for _, _, statement in later:
        database.execute(statement)
    database.execute("PRAGMA journal_mode=WAL")
    database.close()


def _people(database: sqlite3.Connection) -> None:
    made = "2024-01-01T00:00:00.000000Z"
    rows = [(f"p_{number:016x}", f"E{number}", b"\0" * 32, made) for number in range(PEOPLE)]
    statement = "INSERT INTO subject (pseudonym, person_id, key, created_at) VALUES (?, ?, ?, ?)"
    database.executemany(statement, rows)


if __name__ == "__main__":
    begun, made, wanted = time.perf_counter(), Path(sys.argv[1]), int(sys.argv[2])
    build(made, wanted)
    took, size = time.perf_counter() - begun, made.stat().st_size / wanted
    print(f"{took:.0f} s, {size:.0f} bytes an entry")  # noqa: T201
