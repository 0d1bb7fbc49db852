"""Reads one instance for a reconciliation: person by person, or group by group where that is fewer calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from bot.app import Bawab
from bot.drafting import Drafter
from bot.drift.compare import Compared, compare
from bot.drift.end import closed, gone
from bot.drift.first_look import FirstLook
from bot.drift.hints import OF_THE_INSTANCE
from bot.drift.member_index import (
    ListsMembersById,
    MemberIndex,
    Reader,
    group_read,
    member_to_plain,
    reading,
)
from bot.drift.reconcile_items import (
    GROUP,
    PERSON,
    READ,
    UNREADABLE,
    WAITING,
    accounts_compared,
    done,
    groups_remembered,
    items,
    put_groups,
    reread,
)
from bot.drift.record import FoundBy, record
from bot.drift.standing import Standing, standing_of
from bot.groups.memory import known_groups
from bot.steps import look
from bot.store.group_tables import DriftRow, ReconcileItemRow, ReconcileRow
from bot.store.people import directory_size
from bot.store.query import change, columns, one
from bot.store.tables import StepRow
from connectors.contract import NO_GROUPS, ListsMembers, Sight
from connectors.effort import Part
from connectors.errors import ConnectorError
from connectors.together import abreast
from connectors.wire import Wire
from policies.model import Gap, Group, Membership, StepAction

PAGE = 200
"""Accounts in a page of a directory, where nothing else is known: for the estimate only."""
FEW = 4
"""Calls that are not worth a listing of all groups."""


@runtime_checkable
class _Counted(Protocol):
    @property
    def wire(self) -> Wire: ...


class Reading:
    """One instance of one run. Every method raises ConnectorError where the whole instance cannot be read."""

    def __init__(self, app: Bawab, row: ReconcileRow, instance: str) -> None:
        self._app = app
        self._row = row
        self._instance = instance
        self._connector = app.chat[instance]
        self._index: MemberIndex | None = None
        self._covered: frozenset[str] | None = None

    async def some(self, most: int) -> int:
        """Read at most so many items, groups before people; gives how many were read.

        Where the platform takes several requests in one call, so many times more: side by side they share it.
        """
        before = self._sent()
        try:
            plan = await self._plan()
            kind = GROUP if await self._waiting(GROUP, 1) else PERSON
            waiting = await self._waiting(kind, most * self._together)
            if kind == PERSON and plan["by"] == GROUP:
                await self._indexed()  # made once, before several need it
            # Of a platform that is down, one has asked.
            for part, width in ((waiting[:1], 1), (waiting[1:], self._together)):
                reads = [partial(self._attempt, item, kind, str(plan["by"])) for item in part]
                errors = [error for error in await abreast(reads, width) if error is not None]
                if errors:
                    raise errors[0]
            return len(waiting)
        finally:
            if self._sent() > before:
                await self._note(calls=self._sent() - before)

    @property
    def _together(self) -> int:
        """How many requests travel in one call where people's groups are listed."""
        ways = self._connector.capabilities.ways
        return max((way.parts for way in ways if way.part is Part.FIND), default=1)

    async def _attempt(self, item: ReconcileItemRow, kind: str, by: str) -> ConnectorError | None:
        """Read one item; what befalls the whole instance is given back, for others are read beside it."""
        try:
            await (self._group(item) if kind == GROUP else self._person(item, by=by))
        except OF_THE_INSTANCE as error:
            return error
        return None

    async def _waiting(self, kind: str, most: int) -> list[ReconcileItemRow]:
        async with self._app.store.read() as tx:
            chosen = {"instance": self._instance, "kind": kind, "state": WAITING}
            return await items(tx, self._row, **chosen, most=most)

    def _sent(self) -> int:
        return self._connector.wire.requests_sent if isinstance(self._connector, _Counted) else 0

    async def _note(self, *, calls: int = 0, **values: Any) -> dict[str, Any]:
        """Keep what is known of this instance in the run's plan."""
        async with self._app.store.write() as tx:
            plan = dict((await reread(tx, self._row)).plan or {})
            mine = {**plan[self._instance], **values}
            mine["calls"] = mine.get("calls", 0) + calls
            plan[self._instance] = mine
            await change(tx, ReconcileRow, {"plan": plan}, columns(ReconcileRow).id == self._row.id)
        return mine

    # Which way

    async def _plan(self) -> Mapping[str, Any]:
        """Decide once which way is fewer calls; on a later start it is read from the row."""
        async with self._app.store.read() as tx:
            stored: dict[str, Any] = (await reread(tx, self._row)).plan[self._instance]
            if stored.get("by"):
                return stored
            accounts = len(await accounts_compared(tx, self._row, self._instance))
            pages = await directory_size(tx) // PAGE + 1
            remembered = await groups_remembered(tx, self._instance)
        # Of whoever's account itself may be found open again, the account is asked for too.
        asked_of = StepAction.DEACTIVATE in self._connector.capabilities.actions
        by_person = (2 if asked_of else 1) * accounts
        if by_person <= max(FEW, remembered // 2) or not isinstance(self._connector, ListsMembers):
            return await self._note(by=PERSON)
        groups, gaps = await self._listed()
        listing = asked_of and accounts > pages
        if len(groups) + (min(accounts, pages) if asked_of else 0) >= by_person:
            return await self._note(by=PERSON, groups=len(groups))
        async with self._app.store.write() as tx:
            await put_groups(tx, self._row, self._instance, groups)
        kept = [[gap.reason, gap.group_id, gap.detail] for gap in gaps]
        return await self._note(by=GROUP, groups=len(groups), gaps=kept, list_accounts=listing)

    async def _listed(self) -> tuple[list[Group], list[Gap]]:
        """List the groups anybody could be taken out of; from the others every plan leaves people alone."""
        known = NO_GROUPS
        if not self._connector.capabilities.lists_groups:
            async with self._app.store.read() as tx:
                known = await known_groups(tx, self._instance)
        seen = [found async for found in self._connector.groups(known)]
        groups = [found for found in seen if isinstance(found, Group)]
        worth = [g for g in groups if not (g.archived or g.is_default or g.managed_elsewhere)]
        return worth, [found for found in seen if isinstance(found, Gap)]

    # By group

    async def _group(self, item: ReconcileItemRow) -> None:
        row = group_read(item.state, item.found, item.problem)
        compared = await self._accounts()
        members: dict[str, Any] = {}
        problem = ""
        try:
            async for found in self._members(row.group):
                if isinstance(found, Gap):
                    problem = found.detail or found.reason
                elif found.account.id in compared:
                    members[found.account.id] = member_to_plain(found)
        except OF_THE_INSTANCE:
            raise
        except ConnectorError as error:
            problem = str(error)
        kept = {**item.found, "members": members}
        async with self._app.store.write() as tx:
            await done(tx, item, UNREADABLE if problem else READ, found=kept, problem=problem)

    async def _accounts(self) -> frozenset[str]:
        """Whose memberships the index keeps; asked once, so that every group is read for the same people."""
        if self._covered is None:
            async with self._app.store.read() as tx:
                self._covered = await accounts_compared(tx, self._row, self._instance)
        return self._covered

    def _members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        if isinstance(self._connector, ListsMembersById):
            return self._connector.members_by_id(group)
        if not isinstance(self._connector, ListsMembers):
            raise TypeError(f"{self._instance} lists no members; this run was decided on another connector")
        return self._connector.members(group)

    async def _indexed(self) -> MemberIndex:
        if self._index is None:
            async with self._app.store.read() as tx:
                rows = await items(tx, self._row, instance=self._instance, kind=GROUP)
                plan: dict[str, Any] = (await reread(tx, self._row)).plan[self._instance]
                covered = await accounts_compared(tx, self._row, self._instance)
            groups = [group_read(row.state, row.found, row.problem) for row in rows]
            gaps = [Gap(self._instance, reason, group, detail) for reason, group, detail in plan["gaps"]]
            listing = bool(plan.get("list_accounts"))
            made = MemberIndex(self._connector, covered, groups, gaps=gaps, list_accounts=listing)
            self._index = made
        return self._index

    # By person

    async def _person(self, item: ReconcileItemRow, *, by: str) -> None:
        try:
            compared = await self._compared(item.item_id, by=by)
            left = [drift for drift in compared.absent if await self._is_gone(drift)] if compared else []
        except OF_THE_INSTANCE:
            raise
        except ConnectorError as error:
            async with self._app.store.write() as tx:
                await done(tx, item, UNREADABLE, problem=str(error))
            return
        await self._store(item, compared or Compared(), left)

    async def _compared(self, person_id: str, *, by: str) -> Compared | None:
        """Compare; a first look only says who needs a closer one, and what is then read of them decides."""
        async with self._app.store.read() as tx:
            standing = await standing_of(tx, person_id)
        if standing is None:
            return None
        if by == GROUP:
            found = await self._compared_by(await self._indexed(), standing)
            if not _needs_a_closer_look(found):
                return found
        look = FirstLook(self._connector, person_id)
        try:
            found = await self._compared_by(look, standing)
        except OF_THE_INSTANCE:
            raise
        except ConnectorError:
            pass  # an account that is gone is told by the account itself
        else:
            if not _needs_a_closer_look(found) and not look.doubtful:
                return found
        look.closer()
        return await self._compared_by(look, standing)

    async def _compared_by(self, reader: Reader, standing: Standing) -> Compared:
        drafter = Drafter(reading(self._app, self._instance, reader))
        return await compare(self._app, drafter, standing, self._instance)

    async def _is_gone(self, drift: DriftRow) -> bool:
        async with self._app.store.read() as tx:
            step = await one(tx, StepRow, columns(StepRow).id == drift.step_id)
        if step is None:
            return False
        return (await look(self._connector, [step]))[0].sight is Sight.ABSENT

    async def _store(self, item: ReconcileItemRow, compared: Compared, left: list[DriftRow]) -> None:
        app = self._app
        async with app.store.write() as tx:
            found = [await record(app, tx, one_, found_by=FoundBy.RECONCILE) for one_ in compared.sightings]
            went = [await gone(app, tx, drift) for drift in left]
            over = [await closed(app, tx, drift, "no_longer_planned") for drift in compared.over]
            said = {
                "drifts": [drift.id for drift in found if drift is not None],
                "gone": sum(went),
                "over": sum(over),
                "known": compared.known,
                "refused": compared.refused,
                "gaps": sorted({(gap.reason, gap.group_id or "") for gap in compared.gaps}),
            }
            await done(tx, item, READ, found=said)


def _needs_a_closer_look(found: Compared) -> bool:
    return bool(found.sightings or found.over or found.on_accounts)
