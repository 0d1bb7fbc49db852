"""The tick's part in who may do what: the staff file, seats, emergencies nobody confirmed, what has ended."""

from __future__ import annotations

from bot.access.confirmations import escalate_due
from bot.access.forgetting import forget_ended
from bot.access.registry_seats import hand_over_registry
from bot.access.staff_news import staff_news
from bot.app import Bawab


async def access_tick(app: Bawab) -> None:
    """Work in what changed, hand over what is to be handed over, escalate what is late, forget what ended."""
    await staff_news(app)
    await hand_over_registry(app)
    await escalate_due(app)
    await forget_ended(app)
