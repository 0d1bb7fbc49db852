"""What must not wait for a tick: an event is durable before its answer, and leads to a removal at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.service import Service
from tests.bot.returning import REMOVE
from tests.bot.surfaces.telling import LAST_DAY, STAFF, Slack, joined, told
from tests.bot.world import World, channel, company, people

AN_HOUR = 3600.0
"""Seconds between ticks: whatever happens in these tests, no tick did it."""


@asynccontextmanager
async def ana_is_out(folder: Path) -> AsyncIterator[World]:
    """A company whose policy takes out again whoever comes back, and that took Ana out; ticks are far off."""
    places = [channel(name, "ana", *(f"p{n}" for n in range(12))) for name in ("lunch", "sales-riyadh")]
    everybody = people("ana", "badr", *(f"p{n}" for n in range(12)))
    extra = {"tick_seconds": AN_HOUR}
    async with company(folder, *everybody, *places, policy=REMOVE, extra=extra) as world:
        staff = [STAFF[1], *(f"P{n},P{n},p{n}@corp.test,Sales,active,," for n in range(12))]
        world.drop(STAFF[0], *staff)
        await world.settle_in()
        world.drop(LAST_DAY, *staff)
        await world.run()
        world.clock.turn(days=2)
        await world.run()
        assert await world.states() == {"lunch": "verified_absent", "sales-riyadh": "verified_absent"}
        yield world


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[Slack]:
    """The service as it runs: past its first tick, with a listener beside it."""
    service = Service(world.app)
    running = asyncio.create_task(service.forever())
    try:
        async with told(world) as slack:
            await asyncio.sleep(0.1)
            yield slack
    finally:
        service.stop()
        await running


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, for ten seconds at most."""
    for _ in range(500):
        if await is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen within ten seconds")


async def test_whoever_comes_back_is_taken_out_again_without_a_tick(tmp_path: Path) -> None:
    async with ana_is_out(tmp_path) as world, at_work(world) as slack:
        world.members("C-lunch").append("UANA")
        assert await slack.tell(joined()) == 200

        async def out() -> bool:
            return "UANA" not in world.members("C-lunch")

        await until(out)
        assert (await world.app.audit.verify()).ok
