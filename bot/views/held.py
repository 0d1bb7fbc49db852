"""The list of what guards hold; one hold whole is in `bot/views/holds.py`."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.app import Bawab
from bot.views.hold_lines import HoldLine, hold_lines
from policies.roles import Permission


async def held(app: Bawab, who: Actor) -> tuple[HoldLine, ...]:
    """List what waits, oldest first, but nothing about the reader; raises NotAllowed."""
    who.must(Permission.HOLD_READ)
    async with app.store.read() as tx:
        return await hold_lines(tx, who)
