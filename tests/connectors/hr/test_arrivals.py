"""Which files count as arrived, and in which order they are taken."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import Unavailable
from connectors.hr.csv_file.arrivals import as_of
from tests.connectors.hr.workbench import Drop

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system that keeps any date, unlike some on disk
IN_MEMORY_IS_THERE = IN_MEMORY.is_dir()
LONG_AGO = time.time() - 3600


def put(drop: Drop, name: str, modified: float = LONG_AGO) -> Path:
    path = drop.put(f"employee_id,name,status\n{name},Ana,active\n", name)
    os.utime(path, (modified, modified))
    return path


async def names(drop: Drop) -> list[str]:
    return [delivery.name for delivery in await drop.seen()]


@pytest.mark.parametrize(
    "name",
    ["hr.csv.tmp", "hr.csv.part", "hr.csv.filepart", ".hr.csv", "~$hr.xlsx", "hr.csv.done", "HR.CSV.TMP"],
)
async def test_a_file_under_a_passing_name_waits(name: str, tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    put(drop, name)
    assert await names(drop) == []

    put(drop, "hr.csv")
    assert await names(drop) == ["hr.csv"]


async def test_a_file_written_just_now_waits_until_it_has_rested(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=30)
    put(drop, "hr.csv", time.time())
    assert await names(drop) == []

    put(drop, "hr.csv", time.time() - 31)
    assert await names(drop) == ["hr.csv"]


async def test_a_file_from_a_clock_ahead_of_ours_counts_once_we_have_seen_it_rest(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=0.05)
    put(drop, "hr.csv", time.time() + 3600)
    assert await names(drop) == []

    time.sleep(0.06)  # noqa: ASYNC251 — nothing else runs
    assert await names(drop) == ["hr.csv"]


async def test_a_marker_finishes_a_file_at_once_but_an_old_marker_does_not(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=3600)
    put(drop, "hr.csv", time.time())
    put(drop, "hr.csv.done", LONG_AGO)
    assert await names(drop) == []

    put(drop, "hr.csv.done", time.time() + 1)
    assert await names(drop) == ["hr.csv"]


async def test_files_come_by_the_date_in_their_name_then_by_age(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    put(drop, "hr-2026-02-01.csv", LONG_AGO - 50)
    put(drop, "hr-2026-01-01.csv", LONG_AGO)
    put(drop, "hr_20251231.csv", LONG_AGO + 50)
    put(drop, "b.csv", LONG_AGO)
    put(drop, "a.csv", LONG_AGO)

    assert await names(drop) == [
        "hr_20251231.csv",
        "hr-2026-01-01.csv",
        "hr-2026-02-01.csv",
        "a.csv",
        "b.csv",
    ]


async def test_a_newer_file_waits_for_an_older_one_that_still_arrives(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=30)
    put(drop, "hr-2026-01-01.csv")
    put(drop, "hr-2026-01-02.csv", time.time())
    put(drop, "hr-2026-01-03.csv")

    assert await names(drop) == ["hr-2026-01-01.csv"]


async def test_a_single_file_may_be_watched(tmp_path: Path) -> None:
    drop = Drop(tmp_path, path=tmp_path / "drop" / "hr.csv")
    put(drop, "other.csv")
    put(drop, "hr.csv")

    assert await names(drop) == ["hr.csv"]


@pytest.mark.parametrize("missing", ["nowhere", "drop/hr.csv"])
async def test_what_is_not_there_is_unavailable_and_never_empty(missing: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"cannot be read.*Check that the path"):
        await Drop(tmp_path, path=tmp_path / missing).seen()


async def test_folders_and_pipes_are_not_exports(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    (drop.folder / "old.csv").mkdir()
    os.mkfifo(drop.folder / "pipe.csv")

    assert await names(drop) == []


async def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    put(drop, "a.csv")
    (first,) = await drop.seen()
    assert await drop.seen() == [first], "the same file, the same delivery"

    drop.put("employee_id,name,status\nE9,Eve,active\n", "a.csv")
    (second,) = await drop.seen()
    assert second.sha256 != first.sha256


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hr-2026-11-20.csv", datetime(2026, 11, 20, tzinfo=UTC)),
        ("20261120T0630_staff.xlsx", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
        ("staff 2026.11.20.csv", datetime(2026, 11, 20, tzinfo=UTC)),
        ("hr-2026-11-20-9999.csv", datetime(2026, 11, 20, tzinfo=UTC)),
        ("hr-2026-13-40.csv", None),
        ("hr-1234567890.csv", None),
        ("hr.csv", None),
    ],
)
def test_the_date_in_a_file_name(name: str, expected: datetime | None) -> None:
    assert as_of(name) == expected


@pytest.mark.parametrize(
    "name", [b"hr-\xe3\xcd\xe3\xcf.csv", b"hr-\x1b[2J\n.csv", "hr-\u202efdp.csv".encode()]
)
async def test_a_file_name_is_text_that_can_be_stored_and_printed_whatever_bytes_stand_in_it(
    name: bytes, tmp_path: Path
) -> None:
    drop = Drop(tmp_path)
    sound = put(drop, "hr.csv")
    sound.rename(sound.with_name(os.fsdecode(name)))

    (delivery,) = await drop.seen()
    assert delivery.name.isprintable()
    assert delivery.name.endswith(".csv")
    staged = await drop.source.stage(delivery)
    assert staged.facts.rows == 1
    await staged.aclose()


async def test_a_file_dated_beyond_every_calendar_stops_nothing(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY_IS_THERE else tmp_path) as root:
        drop = Drop(Path(root))
        odd, sound = put(drop, "odd.csv"), put(drop, "sound.csv")
        for path in (odd, odd.with_name("odd.csv.done")):
            path.touch()
            os.utime(path, (1, 99_999_999_999_999))

        assert await names(drop) == [sound.name, odd.name]
