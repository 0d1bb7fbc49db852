"""Groups that would be orphaned: asked of IT weeks before the last day, while there is still time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.drafting import Draft, Drafter
from bot.groups.successors import GOING
from bot.lanes import closed_lanes
from bot.notices.outbox import Contents, Matter, Outbox
from bot.states import CaseState
from bot.store.group_tables import SuccessionRow
from bot.store.query import add, change, columns, one, where
from bot.store.tables import CaseRow, MetaRow
from policies.model import Group, Refusal, StepAction, Verdict

AHEAD = timedelta(days=60)
"""How long before the last day a group is looked at."""
EVERY = timedelta(hours=20)
A_PASS = 3
NOTICE = "succession"
WAITING = frozenset({CaseState.SCHEDULED, CaseState.AWAITING_APPROVAL})


@dataclass(frozen=True, slots=True)
class Orphan:
    """A group that hangs on the person who goes, and why nobody takes it over."""

    group: Group
    why: str


class Succession:
    """Looks once a day at each departure that is still ahead; one message to IT for each group, once."""

    def __init__(self, app: Bawab, outbox: Outbox) -> None:
        self._app = app
        self._outbox = outbox

    async def ask_due(self) -> int:
        """Look at what is due for a look; gives how many groups are newly asked about.

        Nothing is said to anybody but IT: the person's groups must not learn of a departure from Bawab.
        """
        asked = 0
        for case in await self._due():
            drafter = Drafter(self._app)
            async with self._app.store.read() as tx:
                closed = await closed_lanes(tx, self._app.now())
            seen = [draft for draft in await drafter.everywhere(case) if isinstance(draft, Draft)]
            drafts = {draft.instance: draft for draft in seen if draft.instance not in closed}
            async with self._app.store.write() as tx:
                asked += await self._store(tx, case, drafts)
                await self._looked(tx, case)
        return asked

    async def _due(self) -> Sequence[CaseRow]:
        cases, now = columns(CaseRow), self._app.now()
        ahead = [cases.state.in_(WAITING), cases.kind.in_(GOING), cases.due > now, cases.due <= now + AHEAD]
        async with self._app.store.read() as tx:
            found = await where(tx, CaseRow, *ahead, cases.rule != "")
            late = []
            for case in sorted(found, key=lambda one: (one.due or now, one.id)):
                last = await one(tx, MetaRow, columns(MetaRow).key == _key(case))
                if last is None or last.value <= (now - EVERY).isoformat():
                    late.append(case)
                if len(late) == A_PASS:
                    break
        return late

    async def _looked(self, tx: AsyncConnection, case: CaseRow) -> None:
        value, mine = self._app.now().isoformat(), columns(MetaRow).key == _key(case)
        if not await change(tx, MetaRow, {"value": value}, mine):
            await add(tx, MetaRow(key=_key(case), value=value))

    async def _store(self, tx: AsyncConnection, case: CaseRow, drafts: Mapping[str, Draft]) -> int:
        rows = columns(SuccessionRow)
        known = {
            (row.instance, row.group_id): row
            for row in await where(tx, SuccessionRow, rows.case_id == case.id)
        }
        orphans = {(o.group.instance, o.group.id): o for draft in drafts.values() for o in orphans_of(draft)}
        for key, row in known.items():
            if row.instance in drafts and key not in orphans and row.settled_at is None:
                await self._settle(tx, case, row)
        fresh = [o for key, o in orphans.items() if key not in known or known[key].settled_at is not None]
        for orphan in fresh:
            await self._ask(tx, case, orphan, known.get((orphan.group.instance, orphan.group.id)))
        if fresh:
            await self._tell(tx, case)
        return len(fresh)

    async def _ask(
        self, tx: AsyncConnection, case: CaseRow, orphan: Orphan, old: SuccessionRow | None
    ) -> None:
        rows, group = columns(SuccessionRow), orphan.group
        values = {"asked_at": self._app.now(), "settled_at": None, "why": orphan.why}
        mine = [rows.case_id == case.id, rows.instance == group.instance, rows.group_id == group.id]
        if old is None:
            row = SuccessionRow(
                case_id=case.id,
                instance=group.instance,
                group_id=group.id,
                group_name=group.name,
                why=orphan.why,
                asked_at=self._app.now(),
            )
            await add(tx, row)
        else:
            await change(tx, SuccessionRow, values, *mine)
        entry = _entry(case, group.instance, group.id, group.name, Action.SUCCESSION_ASK, "open", orphan.why)
        await self._app.audit.append(tx, entry)

    async def _settle(self, tx: AsyncConnection, case: CaseRow, row: SuccessionRow) -> None:
        rows = columns(SuccessionRow)
        mine = [rows.case_id == case.id, rows.instance == row.instance, rows.group_id == row.group_id]
        await change(tx, SuccessionRow, {"settled_at": self._app.now()}, *mine)
        entry = _entry(
            case, row.instance, row.group_id, row.group_name, Action.SUCCESSION_SETTLE, "settled", row.why
        )
        await self._app.audit.append(tx, entry)

    async def _tell(self, tx: AsyncConnection, case: CaseRow) -> None:
        """Write to IT; what is open is read as the message leaves. Without a contact `status` shows it."""
        contact = self._app.settings.it_contact
        if contact is None:
            return
        subject = await self._outbox.subject(tx, case, ())
        matter = Matter(case, subject, self._app.now())
        if await self._outbox.able(tx, [contact], matter):
            kind = f"{NOTICE}/{self._app.now().date().isoformat()}"
            await self._outbox.put(tx, matter, kind, contact, Contents())


def orphans_of(draft: Draft) -> Iterator[Orphan]:
    """Give the groups of a draft that only the person who goes can give away, or that nobody takes over."""
    created = {(m.account.id, m.group.id) for m in draft.memberships if m.refusal is Refusal.CREATOR}
    for step in draft.plan.steps:
        if step.action is not StepAction.REVOKE or step.group is None:
            continue
        if step.verdict is Verdict.BLOCKED and step.refusal is Refusal.LAST_OWNER:
            yield Orphan(step.group, step.why)
        elif step.verdict is Verdict.ACT and (step.account.id, step.group.id) in created:
            yield Orphan(step.group, "creator")


async def open_successions(tx: AsyncConnection) -> Sequence[SuccessionRow]:
    """Give what is still asked, of departures that have not begun; the oldest question first."""
    rows, cases = columns(SuccessionRow), columns(CaseRow)
    found = await where(tx, SuccessionRow, rows.settled_at.is_(None))
    waiting = {
        case.id
        for case in await where(
            tx, CaseRow, cases.id.in_({row.case_id for row in found}), cases.state.in_(WAITING)
        )
    }
    return sorted((row for row in found if row.case_id in waiting), key=lambda row: row.asked_at)


def _key(case: CaseRow) -> str:
    return f"succession_looked:{case.id}"


def _entry(
    case: CaseRow, instance: str, group_id: str, name: str, action: Action, outcome: str, why: str
) -> Entry:
    return Entry(
        action=action,
        actor="bawab",
        outcome=outcome,
        person_id=case.person_id,
        case_id=case.id,
        instance=instance,
        group_id=group_id,
        group_name=name,
        rule=case.rule or None,
        detail={"why": why},
    )
