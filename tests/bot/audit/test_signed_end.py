"""After each commit a signed head stands outside, whatever another process or hand did meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.audit.head import Head, read_head
from bot.audit.log import AuditLog, open_audit
from bot.store.db import Store
from tests.bot.audit.conftest import Bench, Clock, removal


@pytest.fixture
async def host(ten: Bench, tmp_path: Path) -> AsyncIterator[AuditLog]:
    """A second host on the same database, with the same key in a folder of its own."""
    folder = tmp_path / "host"
    folder.mkdir()
    for name in ("audit-signing.key", "audit-signing.pub"):
        shutil.copy(ten.directory / name, folder / name)
    store = Store.open(ten.store.url)
    yield await open_audit(store, folder, Clock())
    await store.aclose()


async def write(log: AuditLog, *numbers: int) -> None:
    await log.store.batch(lambda tx: log.append_in(tx, *map(removal, numbers)))


def end_of(log: AuditLog) -> int:
    head = read_head(log.head_path)
    return 0 if head is None else head.seq


def witnessed_by(log: AuditLog) -> list[int]:
    return [Head.parse(line).seq for line in log.witness_path.read_bytes().splitlines()]


async def problems(log: AuditLog) -> list[str]:
    return [problem.code for problem in (await log.verify()).findings]


async def test_each_batch_leaves_its_head_before_it_returns(ten: Bench) -> None:
    for number in (11, 12, 13):
        await write(ten.log, number)
        assert end_of(ten.log) == number
    assert await problems(ten.log) == []


async def test_several_appends_of_one_batch_leave_one_head_at_the_last(ten: Bench) -> None:
    def work(tx: Connection) -> None:
        for number in (11, 12, 13):
            ten.log.append_in(tx, removal(number))

    await ten.store.batch(work)
    assert end_of(ten.log) == 13
    assert await problems(ten.log) == []


async def test_what_was_rolled_back_is_never_signed(ten: Bench) -> None:
    def undone(tx: Connection) -> None:
        ten.log.append_in(tx, removal(11))
        raise LookupError

    await write(ten.log, 11)
    for _ in range(2):
        with pytest.raises(LookupError):
            await ten.store.batch(undone)
        await ten.store.batch(lambda _: None)
        async with ten.store.write():
            pass
    assert end_of(ten.log) == 11
    await write(ten.log, 12)
    assert end_of(ten.log) == 12
    assert await problems(ten.log) == []


@pytest.mark.parametrize("name", ["head_path", "witness_path"])
async def test_a_file_taken_away_from_a_running_process_is_made_again(ten: Bench, name: str) -> None:
    await write(ten.log, 11)
    getattr(ten.log, name).unlink()
    await write(ten.log, 12)
    assert end_of(ten.log) == 12
    assert witnessed_by(ten.log) == [5, 10]
    assert await problems(ten.log) == []


async def test_a_head_damaged_under_a_running_process_stays_as_evidence(ten: Bench) -> None:
    await write(ten.log, 11)
    ten.log.head_path.write_text("{")
    await write(ten.log, 12)
    assert ten.log.head_path.read_text() == "{"
    assert await problems(ten.log) == ["head_unreadable"]


async def test_a_log_rewritten_under_a_running_process_is_not_signed(ten: Bench) -> None:
    await write(ten.log, 11)
    ten.tamper("UPDATE audit_entry SET outcome = 'failed' WHERE seq = 4")
    ten.rechain(4)
    await write(ten.log, 12)
    assert end_of(ten.log) == 11
    assert set(await problems(ten.log)) == {"rewritten"}


async def test_hosts_with_folders_of_their_own_take_turns_and_neither_complains(
    ten: Bench, host: AuditLog
) -> None:
    for number in (11, 12, 13, 14):
        log = (ten.log, host)[number % 2]
        await write(log, number)
        assert end_of(log) == number
        assert await problems(ten.log) == []
    assert await problems(host) == []
    assert (end_of(ten.log), end_of(host)) == (14, 13)


async def test_a_checkpoint_of_one_host_is_witnessed_by_the_other_with_its_next_entry(
    ten: Bench, host: AuditLog
) -> None:
    await write(host, 11)
    assert witnessed_by(host) == [5, 10]
    await write(ten.log, 12)
    await write(host, 13)
    await ten.log.checkpoint("at the end the other host left")
    assert witnessed_by(ten.log) == [5, 10, 13]
    assert await problems(host) == []
    await write(host, 14)
    assert witnessed_by(host) == [5, 10, 13]
    assert await problems(host) == []
    assert await problems(ten.log) == []


async def test_two_logs_that_share_a_folder_never_take_its_head_back(ten: Bench) -> None:
    other = Store.open(ten.store.url)
    beside = await open_audit(other, ten.directory, Clock())
    for number in range(11, 17):
        await write((ten.log, beside)[number % 2], number)
        assert end_of(ten.log) == number
    await other.aclose()
    assert await problems(ten.log) == []
