"""What must not wait for a tick: an event is durable before its answer, and leads to a removal at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.service import Service
from connectors.chat.slack.sandbox import BOT_TOKEN
from tests.bot.returning import REMOVE
from tests.bot.surfaces.telling import LAST_DAY, SECRET, STAFF, Slack, joined, told
from tests.bot.world import World, channel, company, people
from tests.postgres import on_sqlite

ROOT = Path(__file__).parents[2]
AN_HOUR = 3600.0
"""Seconds between ticks: whatever happens in these tests, no tick did it."""
OTHERS = tuple(f"p{number}" for number in range(12))
LISTENER = """
import asyncio
from bot.app import open_bawab
from bot.settings import load_settings
from bot.surfaces.listener import listening

async def main():
    async with open_bawab(load_settings()) as app, listening(app) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
"""Hears, and follows nothing: a process that dies between its answer and the removal."""


@asynccontextmanager
async def ana_is_out(folder: Path) -> AsyncIterator[World]:
    """A company whose policy takes out again whoever comes back, and that took Ana out; ticks are far off."""
    places = [channel(name, "ana", *OTHERS) for name in ("lunch", "sales-riyadh")]
    everybody = people("ana", "badr", *OTHERS)
    staff = [STAFF[1], *(f"{one},{one},{one}@corp.test,Sales,active,," for one in OTHERS)]
    async with company(folder, *everybody, *places, policy=REMOVE, extra={"tick_seconds": AN_HOUR}) as world:
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
            await asyncio.sleep(0.2)
            yield slack
    finally:
        service.stop()
        await running


@asynccontextmanager
async def elsewhere(world: World) -> AsyncIterator[tuple[str, int]]:
    """A process that only listens, on the same data; gives its address and its number."""
    told_so = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "BAWAB_DATA_DIR": str(world.folder / "data"),
        "BAWAB_POLICIES": str(world.folder / "policy.yaml"),
        "BAWAB_SLACK__ACME__BOT_TOKEN": BOT_TOKEN,
        "BAWAB_SLACK__ACME__BASE_URL": str(world.app.settings.slack["acme"].base_url),
        "BAWAB_SLACK__ACME__SIGNING_SECRET": SECRET,
        "BAWAB_LISTEN": "127.0.0.1:0",
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENER, cwd=world.folder, env=told_so, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        yield (await child.stdout.readline()).decode().strip(), child.pid
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - a sandbox tells nobody
            await asyncio.sleep(0.02)


def kicks(world: World) -> int:
    """How often Slack was asked to take somebody out."""
    return len(world.sandbox.calls("conversations.kick"))


async def test_whoever_comes_back_is_out_again_without_a_tick_and_once_however_often_it_is_told(
    tmp_path: Path,
) -> None:
    async with ana_is_out(tmp_path) as world, at_work(world) as slack:
        before = kicks(world)
        world.members("C-lunch").append("UANA")
        for event_id, retry in (("Ev1", {}), ("Ev1", {"X-Slack-Retry-Num": "1"}), ("Ev2", {})):
            assert await slack.tell(joined(), event_id, **retry) == 200
        await until(lambda: "UANA" not in world.members("C-lunch"))
        assert await slack.tell(joined(), "Ev3") == 200, "told again once it is done"
        await asyncio.sleep(0.2)
        assert kicks(world) == before + 1
        assert (await world.app.audit.verify()).ok


async def test_whoever_who_is_out_joins_another_group_is_taken_out_of_it_without_a_tick(
    tmp_path: Path,
) -> None:
    async with ana_is_out(tmp_path) as world, at_work(world) as slack:
        world.sandbox.workspace.add(channel("new", "ana", *OTHERS))
        assert await slack.tell(joined(group="C-new")) == 200
        await until(lambda: "UANA" not in world.members("C-new"))


async def test_an_event_that_was_answered_outlives_the_process_that_answered_it(tmp_path: Path) -> None:
    with on_sqlite():
        async with ana_is_out(tmp_path) as world, elsewhere(world) as (url, pid):
            world.members("C-lunch").append("UANA")
            async with aiohttp.ClientSession() as http:
                assert await Slack(http, f"{url}/slack/acme/events").tell(joined()) == 200
                os.kill(pid, signal.SIGKILL)
            assert "UANA" in world.members("C-lunch"), "it only listened"
            world.clock.turn(days=3650)  # that process had a clock of its own
            await world.run()
            assert "UANA" not in world.members("C-lunch")
