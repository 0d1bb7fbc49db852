"""A hint that a group's memberships changed: the removals from it are looked at within a tick."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.app import Bawab
from bot.drift_compare import WAS_OUT
from bot.look_now import look_now
from bot.store.query import columns
from bot.store.tables import StepRow
from policies.model import StepAction


async def look_at_group(app: Bawab, instance: str, group_id: str, added: Sequence[str], because: str) -> int:
    """Look at whoever was added, or, where nobody was named, at everybody ever taken out of the group.

    Gives how many removals will be looked at. Nothing is believed of it: what is read decides.
    """
    accounts = list(dict.fromkeys(added)) or await _taken_out(app, instance, group_id)
    looks = [await look_now(app, instance, account, group_id, because=because) for account in accounts]
    return sum(looks)


async def _taken_out(app: Bawab, instance: str, group_id: str) -> list[str]:
    steps = columns(StepRow)
    mine = [steps.instance == instance, steps.group_id == group_id, steps.action == StepAction.REVOKE]
    statement = select(steps.account_id).where(*mine, steps.state.in_(WAS_OUT)).distinct()
    async with app.store.read() as tx:
        return sorted((await tx.execute(statement)).scalars())
