"""What one group may lose: planned steps stay held until this has looked at the whole pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.drafting import Drafter
from bot.group_losses import removals_today
from bot.holds import raise_hold
from bot.states import HoldKind, StepState
from bot.store.access_tables import ConfirmationRow
from bot.store.query import add, change, chunks, columns, where
from bot.store.tables import HoldRow, StepRow
from bot.values import group_from_plain
from connectors.errors import ConnectorError
from policies.model import StepAction
from policies.thresholds import Breach, group_breach


class GroupGuard:
    """Lets newly planned steps go, or holds all of a pass where one group would lose too many."""

    def __init__(self, app: Bawab) -> None:
        self._app = app

    async def judge(self, drafter: Drafter | None = None) -> HoldRow | None:
        """Let the newly planned steps go, or hold them all where a group would lose too many."""
        app, steps = self._app, columns(StepRow)
        async with app.store.read() as tx:
            # By the index of instance and state, not by that of holds: else every tick would read every step
            # there ever was.
            at = [steps.instance.in_(sorted(app.chat)), steps.state == StepState.HELD]
            fresh = await where(tx, StepRow, *at, func.coalesce(steps.hold_digest, "") == "")
        if not fresh:
            return None
        # One emergency does not wait because others leave the same group; what a day may lose bounds it.
        at_once = await self._emergencies(fresh)
        await self._let_go([step for step in fresh if step.case_id in at_once])
        rest = [step for step in fresh if step.case_id not in at_once]
        breaches = await self._breaches(rest, drafter or Drafter(app))
        if not breaches:
            await self._let_go(rest)
            return None
        async with app.store.write() as tx:
            return await self._hold(tx, rest, breaches)

    async def _let_go(self, fresh: Sequence[StepRow]) -> None:
        steps, now = columns(StepRow), self._app.now()
        values = {"state": StepState.PENDING, "next_attempt_at": now, "updated_at": now}
        if not fresh:
            return
        async with self._app.store.write() as tx:
            for part in chunks([step.id for step in fresh], 500):
                # Whoever judged a larger pass at the same time may have held them.
                free = [steps.state == StepState.HELD, func.coalesce(steps.hold_digest, "") == ""]
                await change(tx, StepRow, values, steps.id.in_(part), *free)

    async def _emergencies(self, fresh: Sequence[StepRow]) -> frozenset[str]:
        """Give those of the cases that somebody asked for as an emergency."""
        rows, found = columns(ConfirmationRow), set[str]()
        async with self._app.store.read() as tx:
            for part in chunks(sorted({step.case_id for step in fresh}), 500):
                found |= {row.case_id for row in await where(tx, ConfirmationRow, rows.case_id.in_(part))}
        return frozenset(found)

    async def _breaches(self, fresh: Sequence[StepRow], drafter: Drafter) -> list[Breach]:
        found: list[Breach] = []
        groups = {(s.instance, s.group_id): s for s in fresh if s.action == StepAction.REVOKE}
        for (instance, group_id), step in sorted(groups.items()):
            count = await self._removals_today(instance, group_id)
            group = group_from_plain(step.group)
            name = f"{instance}: {group.name if group else group_id}"
            if group_breach(name, count, group.member_count if group else None, self._app.limits) is None:
                continue
            members = await self._members(drafter, instance, group_id)
            breach = group_breach(name, count, members, self._app.limits)
            if breach is not None:
                found.append(breach)
        return found

    async def _members(self, drafter: Drafter, instance: str, group_id: str) -> int | None:
        """Ask for the member count only where a group seems to lose too many."""
        try:
            listed = await drafter.groups(instance)
        except ConnectorError:
            return None
        return next((group.member_count for group in listed if group.id == group_id), None)

    async def _removals_today(self, instance: str, group_id: str) -> int:
        async with self._app.store.read() as tx:
            return await removals_today(tx, instance, group_id, self._app.now())

    async def _hold(
        self, tx: AsyncConnection, fresh: Sequence[StepRow], breaches: Sequence[Breach]
    ) -> HoldRow:
        steps = columns(StepRow)
        ids = sorted(step.id for step in fresh)
        held = self._app.now().isoformat()  # the same steps may be held again: who came back is out again
        digest = hashlib.sha256(orjson.dumps([HoldKind.GROUP_THRESHOLD, held, ids])).hexdigest()
        row = HoldRow(
            digest=digest,
            kind=HoldKind.GROUP_THRESHOLD,
            cause={"groups": [asdict(breach) for breach in breaches], "steps": len(ids)},
            count=len({step.person_id for step in fresh}),
            created_at=self._app.now(),
        )
        await add(tx, row)
        for part in chunks(ids, 500):
            await change(
                tx, StepRow, {"hold_digest": digest}, steps.id.in_(part), steps.state == StepState.HELD
            )
        await raise_hold(self._app, tx, row)
        return row
