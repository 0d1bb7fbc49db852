"""How many things wait for somebody: the same count as today's page, for the badge on every other."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.app import Bawab
from bot.views.hold_lines import hold_lines
from bot.views.waiting import emergency_lines, question_lines, task_lines
from policies.roles import Permission


async def needs_me(app: Bawab, who: Actor) -> int:
    """Count holds they may sign, emergencies they may confirm, their tasks, and doubts they may decide."""
    async with app.store.read() as tx:
        signs = [line for line in await hold_lines(tx, who) if line.may_sign]
        confirms = [line for line in await emergency_lines(tx, who) if line.may_confirm]
        tasks = await task_lines(app, tx, who)
        doubts = await question_lines(app, tx, who) if who.may(Permission.LINK_DECIDE) else ()
    return len(signs) + len(confirms) + len(tasks) + len(doubts)
