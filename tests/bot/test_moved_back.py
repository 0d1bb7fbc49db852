"""Somebody moved back before the bot got round to it: nobody loses the groups of their own post."""

from __future__ import annotations

from pathlib import Path

from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.adversary import everybody, kicked, line, office
from tests.bot.world import channel


async def test_whoever_was_moved_back_meanwhile_stays_in_their_own_group(tmp_path: Path) -> None:
    rooms = (channel("sales-team", "omar", "ana", "sara"), channel("lunch", "ana"))
    async with office(tmp_path, *rooms) as world:
        world.sandbox.faults.append(Fault(FaultKind.LIMITED_429, "conversations.kick", seconds=0.05))
        moved = [line(name, post="Research") for name in ("ana", "sara")]
        world.drop(*everybody(*moved))
        await world.run()
        assert await world.states() == {"sales-team": "pending"}, "Slack asks to wait"
        world.drop(*everybody(moved[1]))
        await world.run()
        world.clock.turn(hours=1)
        await world.run()
        assert kicked(world) == ["sara"], "only Ana is back in Sales"
        assert sorted(step.state for step in await world.steps()) == ["cancelled", "verified_absent"]
