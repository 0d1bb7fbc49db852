"""A departure taken back takes its tasks along: nobody is asked by hand to remove who stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import ManualInstance
from bot.store.query import where
from bot.store.tables import TaskRow
from bot.tasks.tasks import TaskProblem
from tests.bot.world import World, channel, company, people

ANA = "E1,Ana Quispe,ana@corp.test,Sales,active,,"
NOURA = "E2,Noura,noura@corp.test,Research,active,,"
GONE = ANA.replace("active,,", "terminated,2026-11-19,")
MANUAL = {"phones": ManualInstance()}
REGISTRY = """\
version: 1
groups:
  - {instance: phones, group: Sales, owner: E2, members: [E1, E2]}
  - {instance: phones, group: Town, owner: E2, members: [E1, E2]}
"""


async def tasks_of(world: World) -> list[TaskRow]:
    async with world.app.store.read() as tx:
        return await where(tx, TaskRow)


async def leave_with(world: World, *, waived: int) -> None:
    """Let Ana leave, and have so many of her two tasks waived for a day; any other stays open."""
    world.drop(ANA, NOURA)
    await world.settle_in()
    world.drop(GONE, NOURA)
    await world.run()
    for task in (await tasks_of(world))[:waived]:
        until = world.clock() + timedelta(days=1)
        await world.service.messages.tasks.waive(task.id, by="E2", reason="handover", until=until)
    await world.run()


async def come_back(world: World) -> None:
    world.drop(ANA, NOURA)
    await world.run()
    world.clock.turn(days=2)
    await world.run()


@pytest.mark.parametrize("waived", [1, 2], ids=["the case still open", "the case ended"])
async def test_an_exception_that_runs_out_asks_nobody_to_remove_who_was_hired_again(
    tmp_path: Path, waived: int
) -> None:
    sales = channel("sales-x", "ana")
    async with company(tmp_path, *people("ana", "noura"), sales, registry=REGISTRY, manual=MANUAL) as world:
        await leave_with(world, waived=waived)
        await come_back(world)
        assert {task.state for task in await tasks_of(world)} == {"cancelled"}
        closed = [entry for entry in await world.log() if entry["action"] == "task.close"]
        assert [entry["outcome"] for entry in closed] == ["cancelled", "cancelled"]
        for task in await tasks_of(world):
            with pytest.raises(TaskProblem, match="cancelled already"):
                await world.service.messages.tasks.attest(task.id, by="E2")


async def test_an_exception_that_runs_out_is_asked_about_again_where_nothing_was_taken_back(
    tmp_path: Path,
) -> None:
    sales = channel("sales-x", "ana")
    async with company(tmp_path, *people("ana", "noura"), sales, registry=REGISTRY, manual=MANUAL) as world:
        await leave_with(world, waived=2)
        world.clock.turn(days=2)
        await world.run()
        assert {task.state for task in await tasks_of(world)} == {"open"}
