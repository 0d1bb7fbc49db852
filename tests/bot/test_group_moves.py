"""A group that goes by another id: what was kept under the old one goes along, whenever it came."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.drift.desk import accept
from bot.groups.memory import learn, moved
from bot.store.query import change, columns, one
from bot.store.tables import StepRow
from policies.model import Group, GroupKind
from tests.bot.adversary import actions, office
from tests.bot.returning import REMOVE, ana_leaves, drifts, told_of
from tests.bot.world import World, channel

LUNCH = Group("acme", "slack", "C-lunch", "lunch", GroupKind.PUBLIC_CHANNEL)


async def move(world: World, old: str = "C-lunch", new: str = "C-new") -> bool:
    """The platform gives the channel another id."""
    rooms = world.sandbox.workspace.channels
    if old in rooms:
        rooms[new] = rooms.pop(old)
        rooms[new].id = new
    async with world.app.store.write() as tx:
        return await moved(world.app, tx, "acme", old, new)


async def known(world: World) -> None:
    async with world.app.store.write() as tx:
        await learn(world.app, tx, LUNCH, because="test")


async def test_an_open_drift_goes_along_and_is_not_found_a_second_time(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await known(world)
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        assert await move(world)
        world.clock.turn(days=2)
        await world.run()
        assert await told_of(world) == [("came_back", "recheck", "open")]
        assert [row.group_id for row in await drifts(world)] == ["C-new"]


async def test_an_exception_that_was_accepted_holds_under_the_new_id(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await known(world)
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        until = world.clock.now + timedelta(days=30)
        (row,) = await drifts(world)
        await accept(world.app, row.id, until=until, reason="hands over the keys", actor="person:noura")
        assert await move(world)
        (world.folder / "policy.yaml").write_text(REMOVE, encoding="utf-8")
        world.clock.turn(days=8)
        await world.run()
        assert await told_of(world) == [("came_back", "recheck", "accepted")]
        assert "UANA" in world.members("C-new")


async def test_a_step_planned_under_the_old_id_after_the_move_follows_too(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await known(world)
        await move(world)
        await ana_leaves(world, minutes=1)
        steps = columns(StepRow)
        async with world.app.store.write() as tx:
            step = await one(tx, StepRow, steps.group_id == "C-new")
            assert step is not None
            late = {"group_id": "C-lunch", "group": {**step.group, "id": "C-lunch"}}
            assert await change(tx, StepRow, late, steps.id == step.id)
        assert not await move(world), "that the group moved is no news"
        assert {step.group_id for step in await world.steps()} == {"C-new"}
        assert (await actions(world)).count("group.move") == 1
