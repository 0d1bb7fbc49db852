"""`bawab run --once`: waits for a file that is still arriving, and ends when nothing is due."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from tests.bot.adversary import STAFF, case_of, everybody, line, office
from tests.bot.world import World, channel, company, people


def drop_now(world: World, *rows: str) -> None:
    """Put an export down as a copy does: no marker beside it, its time is now."""
    path = world.drop(*rows)
    path.with_name(path.name + ".done").unlink()
    os.utime(path, (time.time(), time.time()))


async def test_a_file_put_down_a_moment_ago_is_waited_for_and_read(tmp_path: Path) -> None:
    async with company(tmp_path, *people(*STAFF), settle_seconds=0.3) as world:
        drop_now(world, *everybody())
        await world.run()
        assert "feed.receive" in [entry["action"] for entry in await world.log()]
        assert world.service.arriving() == []


async def test_it_ends_soon_after_a_platform_was_down_and_came_back(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana")) as world:
        world.sandbox.workspace.tokens["xoxb-sandbox-bot"].revoked = True
        world.drop(*everybody(line("ana", "terminated", "2026-11-01")))
        await world.run()
        world.sandbox.workspace.tokens["xoxb-sandbox-bot"].revoked = False
        world.clock.turn(hours=1)
        await asyncio.wait_for(world.run(quiet=30.0), timeout=60)
        assert await case_of(world, "ana") == "completed"


async def test_a_move_that_hr_took_back_while_it_was_held_is_called_off(tmp_path: Path) -> None:
    moved = [line(name, post="Research") for name in STAFF[:4]]
    async with office(tmp_path, channel("sales-a", *STAFF)) as world:
        world.drop(*everybody(*moved))
        await world.run()
        (first,) = await world.holds("run_threshold")
        world.drop(*everybody())
        await world.run()
        held = await world.holds("run_threshold")
        assert first.digest not in [hold.digest for hold in held], "nobody is asked about it any more"
        await world.release_all("person:somebody")
        await world.run()
        assert not world.sandbox.effective_removals()
