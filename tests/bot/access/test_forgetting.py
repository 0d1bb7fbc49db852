"""Rows that open nothing any more do not pile up for ever, and nothing that still works goes with them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.access import sessions
from bot.access.forgetting import forget_ended
from bot.access.ticking import access_tick
from bot.store.access_tables import DraftRow, SessionRow, SignInCodeRow
from bot.store.query import add, where
from tests.bot.acts.house import house
from tests.bot.world import World


async def left(world: World) -> tuple[list[str], list[str], list[str]]:
    """Whose sessions, codes and drafts are still there."""
    async with world.app.store.read() as tx:
        return (
            sorted(row.staff_id for row in await where(tx, SessionRow)),
            sorted(row.staff_id for row in await where(tx, SignInCodeRow)),
            sorted(row.staff_id for row in await where(tx, DraftRow)),
        )


async def test_ended_sessions_codes_and_forms_go_in_their_time_and_what_works_stays(ready: Path) -> None:
    async with house(ready) as world:
        app, now = world.app, world.clock.now
        soon = now + timedelta(minutes=30)
        await sessions.begin(app, "noura")
        code = SignInCodeRow(code_hash="c", staff_id="omar", created_at=now, expires_at=soon)
        form = DraftRow(
            token_hash="telegram/offboard:1",
            staff_id="huda",
            path="telegram/offboard",
            fields={},
            created_at=now,
            expires_at=soon,
        )
        async with app.store.write() as tx:
            await add(tx, code)
            await add(tx, form)
        world.clock.turn(minutes=29)
        await access_tick(app)
        assert await left(world) == (["noura"], ["omar"], ["huda"])
        world.clock.turn(minutes=2)
        await access_tick(app)
        assert await left(world) == (["noura"], ["omar"], [])
        world.clock.turn(days=30)
        await access_tick(app)
        assert await left(world) == (["noura"], [], [])
        world.clock.turn(days=61)
        assert await forget_ended(app) == 1
        assert await left(world) == ([], [], [])
        assert await forget_ended(app) == 0
