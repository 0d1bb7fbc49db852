"""What staging leaves on disk and in memory: little, private, and nothing once it is over."""

from __future__ import annotations

import asyncio
import os
import stat
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.errors import Unavailable
from connectors.hr.contract import HrSource, StagedFeed
from tests.connectors.hr.workbench import Drop

HEAD = "employee_id,name,status,department,email\n"


def many(count: int) -> str:
    return HEAD + "".join(
        f"{n:06},Name {n},active,Department {n % 40},n{n}@corp.test\n" for n in range(count)
    )


async def stage(drop: Drop, data: str = HEAD + "E1,Ana,active,Sales,\n") -> StagedFeed:
    source: HrSource = drop.source
    drop.put(data)
    (delivery,) = [one async for one in source.deliveries()]
    return await source.stage(delivery)


async def test_the_staged_copy_is_ours_alone_and_gone_when_closed(tmp_path: Path) -> None:
    drop = Drop(tmp_path)

    staged = await stage(drop)

    (copy,) = drop.spool.iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(drop.spool.stat().st_mode) == 0o700
    await staged.aclose()
    assert drop.left_in_spool() == []


async def test_the_digest_changes_only_with_the_record(tmp_path: Path) -> None:
    async def digests(data: str) -> dict[str, str]:
        staged = await stage(drop, data)
        found = {person.id: digest async for person, digest in staged.people()}
        await staged.aclose()
        return found

    drop = Drop(tmp_path)
    before = await digests(HEAD + "E1,Ana,active,Sales,\nE2,Ben,active,Sales,\n")
    after = await digests(
        "status;note;employee_id;name;dept\nActive;x;E2;Ben;Finance\nactive;y;E1;Ana;Sales\n"
    )

    assert before["E1"] == after["E1"], "order, delimiter, case of words and unknown columns are no change"
    assert before["E2"] != after["E2"]


async def test_a_file_that_changed_after_it_was_seen_is_read_later(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    path = drop.put(HEAD + "E1,Ana,active,Sales,\n")
    (delivery,) = await drop.seen()
    path.write_text(HEAD + "E1,Ana,terminated,Sales,\n")

    with pytest.raises(Unavailable, match="changed after it was seen"):
        await drop.source.stage(delivery)
    assert drop.left_in_spool() == []


async def test_a_file_that_went_away_is_unavailable(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    path = drop.put(HEAD)
    (delivery,) = await drop.seen()
    path.unlink()

    with pytest.raises(Unavailable, match="could not be staged"):
        await drop.source.stage(delivery)


async def test_a_spool_without_room_changes_nothing_and_says_so(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.spool.write_text("a file where the folder belongs")

    with pytest.raises(Unavailable, match="could not be staged"):
        await stage(drop)


async def test_what_a_killed_process_left_is_cleared_and_a_running_one_is_not(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.spool.mkdir()
    dead, alive = drop.spool / ".bawab-staged-dead.spool", drop.spool / ".bawab-staged-alive.spool"
    dead.touch()
    alive.touch()
    os.utime(dead, (time.time() - 90_000,) * 2)

    await (await stage(drop)).aclose()

    assert drop.left_in_spool() == [alive.name]


async def test_a_cancelled_staging_leaves_nothing(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    task = asyncio.create_task(stage(drop, many(10_000)))
    await until(lambda: drop.left_in_spool() != [])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until(lambda: drop.left_in_spool() == [])


async def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = await peak_of(Drop(tmp_path), 3_000), await peak_of(Drop(tmp_path), 12_000)

    assert large < small + 1_500_000, "nine thousand more people as objects would take 9 MB"


async def peak_of(drop: Drop, count: int) -> int:
    """Give the most bytes Python held at once while `count` people were staged and read."""
    drop.put(many(count))
    (delivery,) = await drop.seen()
    tracemalloc.start()
    try:
        staged = await drop.source.stage(delivery)
        read = 0
        async for _ in staged.people():
            read += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await staged.aclose()
    assert read == count
    return peak


async def until(true: Callable[[], bool]) -> None:
    """Wait, at most a minute, for what another thread brings about."""
    for _ in range(12_000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about within a minute")
