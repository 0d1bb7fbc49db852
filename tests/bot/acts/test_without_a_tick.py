"""Whoever is to be out now does not wait for a tick either: the act itself sets the service to work."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.acts.cases import revoke_person_now
from policies.model import ExitType
from tests.bot.acts.house import actor, house


async def test_an_emergency_is_carried_out_though_no_tick_comes_for_an_hour(ready: Path) -> None:
    async with house(ready, extra={"tick_seconds": 3600.0}) as world:
        working = asyncio.create_task(world.service.forever())
        try:
            await asyncio.sleep(0.2)
            await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, "lost")
            async with asyncio.timeout(60):
                while "UANA" in world.members("C-lunch"):  # noqa: ASYNC110 - a sandbox tells nobody
                    await asyncio.sleep(0.02)
        finally:
            world.service.stop()
            await working
