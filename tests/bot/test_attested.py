"""What a person attests is looked at where the platform can be asked, and named for what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store.query import where
from bot.store.tables import TaskRow
from connectors.chat.slack.sandbox import Channel
from tests.bot.adversary import everybody, line, office
from tests.bot.world import World

REGISTRY = "version: 1\ngroups:\n  - {instance: acme, group: C-nobot, name: nobot, owner: noura}\n"


async def attest(world: World) -> None:
    async with world.app.store.read() as tx:
        (task,) = await where(tx, TaskRow)
    await world.service.messages.tasks.attest(task.id, by="noura")


@pytest.mark.parametrize(
    ("really_done", "state", "case"),
    [(True, "verified_absent", "completed"), (False, "still_present", "completed_with_exceptions")],
)
async def test_an_attested_removal_is_read_back_at_once(
    tmp_path: Path, *, really_done: bool, state: str, case: str
) -> None:
    nobot = Channel(id="C-nobot", name="nobot", members=["UANA", "UNOURA"])
    async with office(tmp_path, nobot, registry=REGISTRY) as world:
        world.drop(*everybody(line("ana", "terminated", "2026-11-01")))
        await world.run()
        assert await world.states() == {"nobot": "delegated"}
        if really_done:
            world.members("C-nobot").remove("UANA")
        await attest(world)
        await world.run()
        assert await world.states() == {"nobot": state}
        assert [one.state for one in await world.cases()] == [case]
