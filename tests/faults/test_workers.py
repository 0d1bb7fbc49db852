"""Many processes on one PostgreSQL: each lane has one drainer, and no process is missed for long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.app import Bawab
from bot.states import STEP_SUCCESS
from tests.faults.workers import Plant, plant, seed, until
from tests.postgres import Server, fresh, server

STAYING = ("noura", "lina", "huda", "zaid")
LEAVERS = ("ana", "omar")
EVERYBODY = (*LEAVERS, *STAYING)


def rows(*, gone: bool) -> list[str]:
    left = {name: "terminated,2026-11-01" if gone and name in LEAVERS else "active," for name in EVERYBODY}
    return [f"{name},{name.title()},{name}@corp.test,Sales,{left[name]}," for name in EVERYBODY]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def database(running: Server) -> str:
    return fresh(running)


@pytest.fixture
async def ready(tmp_path: Path, database: str) -> AsyncIterator[Plant]:
    """A plant past its first run, with two leavers waiting in HR's folder."""
    inside = {f"sales-{number}": EVERYBODY for number in range(4)}
    async with plant(tmp_path, database, {"acme": seed(EVERYBODY, inside)}) as made:
        made.drop(rows(gone=False))
        await made.settle_in()
        made.drop(rows(gone=True))
        yield made


async def all_out(made: Plant, app: Bawab) -> bool:
    steps = [step for step in await made.steps(app) if step.group_id != "CGENERAL"]
    return len(steps) >= 8 and all(step.state in STEP_SUCCESS for step in steps)


async def test_two_workers_take_two_leavers_out_of_everything_together(ready: Plant) -> None:
    async with ready.opened() as app, ready.worker() as first, ready.worker() as second:
        await until(lambda: all_out(ready, app))
        for channel in range(4):
            assert set(await ready.members("acme", f"C-sales-{channel}")) == {
                "UBOT",
                *(f"U{name.upper()}" for name in STAYING),
            }
        assert first.process.returncode is None
        assert second.process.returncode is None
