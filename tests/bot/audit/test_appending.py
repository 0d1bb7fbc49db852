"""Entries share their act's transaction, follow one another whoever writes, and are never changed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.audit.actions import Action
from bot.audit.head import Head, append_witness, read_head, write_head
from bot.audit.log import CHECKPOINT_EVERY, Entry
from bot.store.audit_tables import CHECKPOINT, FOLLOWS, GENESIS, NEVER
from tests.bot.audit.conftest import Bench, at_work, removal

COPY = """INSERT {how} INTO audit_entry SELECT {seq}, at, actor, action, outcome, subject, case_id, step_id,
run_id, instance, platform, group_id, group_name, rule, quality, request_id, before, after, detail, sealed,
{prev_hash}, hash FROM audit_entry WHERE seq = 4"""


def refusal(database: Path, statement: str) -> str:
    """Try a statement with the triggers in place, and give the database's answer."""
    raw = sqlite3.connect(database)
    try:
        with pytest.raises(sqlite3.IntegrityError) as refused, raw:
            raw.execute(statement)
    finally:
        raw.close()
    return str(refused.value)


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("UPDATE audit_entry SET outcome = 'failed' WHERE seq = 4", NEVER),
        ("UPDATE OR REPLACE audit_entry SET seq = 5 WHERE seq = 4", NEVER),
        ("DELETE FROM audit_entry WHERE seq = 10", NEVER),
        ("DELETE FROM audit_entry", NEVER),
        (COPY.format(how="OR REPLACE", seq=4, prev_hash="prev_hash"), FOLLOWS),
        (COPY.format(how="OR IGNORE", seq=4, prev_hash="prev_hash"), FOLLOWS),
        (COPY.format(how="", seq=12, prev_hash="(SELECT hash FROM audit_entry WHERE seq = 10)"), FOLLOWS),
        (COPY.format(how="", seq=11, prev_hash="prev_hash"), FOLLOWS),
        (COPY.format(how="", seq="NULL", prev_hash="(SELECT hash FROM audit_entry WHERE seq = 10)"), FOLLOWS),
        ("UPDATE audit_head SET reason = 'x'", NEVER),
        ("DELETE FROM audit_head", NEVER),
        ("INSERT OR REPLACE INTO audit_head SELECT * FROM audit_head WHERE seq = 5", CHECKPOINT),
        ("INSERT INTO audit_head SELECT 11, hash, at, reason, signature FROM audit_head", CHECKPOINT),
        ("INSERT INTO audit_head SELECT 7, hash, at, reason, signature FROM audit_head", CHECKPOINT),
    ],
)
async def test_the_database_itself_refuses(ten: Bench, statement: str, answer: str) -> None:
    before = ten.rows()
    assert answer in refusal(ten.database, statement)
    assert ten.rows() == before


async def test_the_first_entry_follows_nothing(bench: Bench) -> None:
    await bench.write(removal(1))
    (row,) = bench.rows()
    assert (row["seq"], row["prev_hash"]) == (1, GENESIS)


async def test_an_entry_shares_the_fate_of_its_transaction(ten: Bench) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is the subject
        async with ten.store.write() as tx:
            assert await ten.log.append(tx, removal(11)) == 11
            raise RuntimeError
    assert await ten.write(removal(12)) == 11
    assert await ten.problems() == []
    assert [row["case_id"] for row in ten.rows()[-2:]] == ["case-10", "case-12"]


async def test_appending_nothing_says_where_the_chain_ends(ten: Bench) -> None:
    assert await ten.write() == 10


async def test_the_head_follows_each_commit(bench: Bench) -> None:
    for number in (1, 2, 3):
        await bench.write(removal(number))
        head = read_head(bench.log.head_path)
        assert head is not None
        assert (head.seq, head.hash) == (number, bench.rows()[-1]["hash"])


async def test_a_torn_head_leaves_the_one_before_it(ten: Bench) -> None:
    for number in (11, 12, 13):
        await ten.write(removal(number))
        lines = ten.log.head_path.read_bytes().splitlines(keepends=True)
        newest = max(lines, key=lambda line: Head.parse(line).seq)
        torn = [line[:50] + b"\0" * (len(line) - 50) if line is newest else line for line in lines]
        ten.log.head_path.write_bytes(b"".join(torn))
        head = read_head(ten.log.head_path)
        assert head is not None
        assert head.seq == number - 1
        assert await ten.problems() == []
        ten.log.head_path.write_bytes(b"".join(lines))


async def test_an_older_head_is_never_written_over_a_newer_one(ten: Bench) -> None:
    newest = read_head(ten.log.head_path)
    assert newest is not None
    write_head(ten.log.head_path, replace(newest, seq=9))
    assert read_head(ten.log.head_path) == newest


async def test_a_write_without_entries_leaves_the_head_alone(ten: Bench) -> None:
    before = ten.log.head_path.stat().st_mtime_ns
    async with ten.store.write():
        pass
    assert ten.log.head_path.stat().st_mtime_ns == before


async def test_every_thousandth_entry_is_witnessed_without_being_asked(bench: Bench) -> None:
    await bench.write(*(Entry(Action.CHECK_RUN, "bawab") for _ in range(CHECKPOINT_EVERY - 1)))
    assert not bench.log.witness_path.exists()
    await bench.write(Entry(Action.CHECK_RUN, "bawab"), Entry(Action.CHECK_RUN, "bawab"))
    (line,) = bench.log.witness_path.read_text().splitlines()
    assert '"seq":1001' in line
    assert await bench.problems() == []


async def test_a_checkpoint_with_nothing_new_is_not_repeated(ten: Bench) -> None:
    before = ten.log.witness_path.read_text()
    await ten.log.checkpoint("again")
    assert ten.log.witness_path.read_text() == before


async def test_a_checkpoint_that_another_process_witnessed_is_not_witnessed_twice(ten: Bench) -> None:
    before = ten.log.witness_path.read_bytes()
    heads = [Head.parse(line) for line in before.splitlines()]
    append_witness(ten.log.witness_path, heads)
    assert ten.log.witness_path.read_bytes() == before


async def test_a_torn_witness_line_is_written_again_and_is_no_tampering(ten: Bench) -> None:
    lines = ten.log.witness_path.read_bytes().splitlines(keepends=True)
    ten.log.head_path.unlink()
    ten.log.witness_path.write_bytes(lines[0] + lines[1][:40])
    await ten.write(removal(11))
    assert await ten.problems() == []
    assert ten.log.witness_path.read_bytes() == lines[0] + lines[1][:40] + b"\n" + lines[1]


async def test_a_head_that_cannot_be_written_never_undoes_a_commit_and_is_made_up_for(ten: Bench) -> None:
    ten.log.head_path.unlink()
    ten.log.head_path.mkdir()
    assert await ten.write(removal(11)) == 11
    ten.log.head_path.rmdir()
    await ten.write()
    assert (await ten.verify()).head is not None
    assert await ten.problems() == []


async def started(directory: Path, *arguments: str) -> asyncio.subprocess.Process:
    command = ("-m", "tests.bot.audit.writer", str(directory), *arguments)
    return await asyncio.create_subprocess_exec(sys.executable, *command)


async def test_two_processes_leave_one_unbroken_chain(bench: Bench) -> None:
    writers = [await started(bench.directory, first, "20") for first in ("100", "200")]
    assert [await writer.wait() for writer in writers] == [0, 0]
    assert await bench.problems() == []
    cases = [row["case_id"] for row in bench.rows()]
    assert len(cases) == 80
    assert len(set(cases)) == 40
    head = read_head(bench.log.head_path)
    assert head is not None
    assert head.seq == 80


async def test_kill_9_between_commit_and_head_is_no_tampering_but_what_follows_is_still_checked(
    ten: Bench,
) -> None:
    writer = await started(ten.directory, "11", "1", "die")
    assert await writer.wait() == -signal.SIGKILL
    head = read_head(ten.log.head_path)
    assert head is not None
    assert (head.seq, len(ten.rows())) == (10, 12)
    assert await ten.problems() == []
    again = await at_work(ten.directory)
    await again.write(removal(13))
    assert await again.problems() == []
    await again.store.aclose()
    ten.tamper("UPDATE audit_entry SET outcome = 'failed' WHERE seq = 12")
    assert await ten.problems() == [("edited", 12)]
