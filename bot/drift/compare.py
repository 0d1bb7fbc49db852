"""One person on one instance against what their case leaves them: what should not be, and what is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.casework import LEAVING, PAST
from bot.drafting import Draft, Drafter
from bot.drift.member_index import reading
from bot.drift.record import UNSETTLED, DriftState, Sighting, Why, place, planned_of
from bot.drift.rule import why_asked
from bot.drift.standing import Standing, is_planned, standing_of
from bot.states import StepState
from bot.store.group_tables import DriftRow
from bot.store.query import columns, one, where
from bot.store.tables import CaseRow, LinkRow, SnapshotRow, StepRow
from connectors.errors import ConnectorError
from policies.model import EventKind, Gap, PlannedStep, Refusal, StepAction, Verdict

WAS_OUT = frozenset(
    {StepState.VERIFIED_ABSENT, StepState.ALREADY_ABSENT, StepState.LOCKED_OUT, StepState.ATTESTED}
)
COMPARED = frozenset({StepAction.REVOKE, StepAction.DEACTIVATE})
"""Whether sessions are open says nothing of who is in a group, and links are not people."""
_LEFT_IN = frozenset({Verdict.KEEP, Verdict.ASK_OWNER})
# Whether somebody could take a group over, and how much was approved, hangs on what accounts are.
_BY_ACCOUNTS = frozenset({Refusal.LAST_OWNER, Refusal.BEYOND_APPROVED})


@dataclass(slots=True)
class Compared:
    """What one comparison came to."""

    sightings: list[Sighting] = field(default_factory=list)
    absent: list[DriftRow] = field(default_factory=list)
    """Open drifts of which nothing is seen any more: to be read back before they are called gone."""
    over: list[DriftRow] = field(default_factory=list)
    """Open drifts the plan has no objection to any more."""
    known: int = 0
    """Memberships that stand in their case as exceptions or as work, or as drift already."""
    refused: int = 0
    """Memberships a guard leaves alone, as it did when the case ran."""
    on_accounts: bool = False
    """Whether it rests on what an account is, which only the platform can tell."""
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class _Past:
    """What is remembered of the person on the instance."""

    case: CaseRow
    steps: Sequence[StepRow]
    drifts: dict[tuple[str, str], DriftRow]
    accounts: frozenset[str]
    """Account ids the case knew when it was planned."""

    def own(self, planned: PlannedStep) -> StepRow | None:
        """Give the case's own step for this row."""
        return next((s for s in self._alike(planned) if s.case_id == self.case.id), None)

    def was_out(self, planned: PlannedStep) -> bool:
        """Whether any case of theirs once saw them out of there."""
        return any(_stood_as_out(step) for step in self._alike(planned))

    def _alike(self, planned: PlannedStep) -> list[StepRow]:
        group = planned.group.id if planned.group else ""
        key = (planned.account.id, planned.action, group)
        return [step for step in self.steps if (step.account_id, step.action, step.group_id) == key]


def _stood_as_out(step: StepRow) -> bool:
    """A removal that stood as done; also one an earlier version marked as undone, without a drift's row."""
    marked = step.state == StepState.STILL_PRESENT and step.detail == Why.CAME_BACK
    return step.state in WAS_OUT or (marked and step.next_attempt_at is None)


async def compare(app: Bawab, drafter: Drafter, standing: Standing, instance: str) -> Compared:
    """Compare what is there with what the case plans today; writes nothing.

    Raises ConnectorError where the instance cannot be read whole.
    """
    async with app.store.read() as tx:
        if not await is_planned(tx, standing.case, instance):
            return Compared()
    draft = await drafter.on(standing.case, instance)
    async with app.store.read() as tx:
        past = await _past(tx, standing.case, instance)
        found = Compared(gaps=draft.plan.gaps)
        for planned in draft.plan.steps:
            await _judge(app, tx, found, past, standing, planned, draft)
    _look_at_open(found, past, draft)
    return found


async def _judge(
    app: Bawab,
    tx: AsyncConnection,
    found: Compared,
    past: _Past,
    standing: Standing,
    planned: PlannedStep,
    draft: Draft,
) -> None:
    if planned.action not in COMPARED or planned.verdict not in (Verdict.ACT, Verdict.BLOCKED):
        return
    own, was_out = past.own(planned), past.was_out(planned)
    known = (planned.account.id, place(planned)) in past.drifts
    found.on_accounts |= planned.group is None and (planned.verdict is Verdict.ACT or known)
    found.on_accounts |= planned.refusal in _BY_ACCOUNTS
    stands = own is not None and not _stood_as_out(own)
    if known or stands:
        found.known += 1
    elif planned.verdict is Verdict.BLOCKED and not was_out:
        found.refused += 1
    else:
        asked = await why_asked(app, tx, standing, planned, draft)
        found.sightings.append(Sighting(standing, planned, _why(past, planned, was_out=was_out), asked))


def _why(past: _Past, planned: PlannedStep, *, was_out: bool) -> Why:
    if was_out or (planned.group is None and planned.account.id in past.accounts):
        return Why.CAME_BACK
    if planned.account.id not in past.accounts:
        return Why.SECOND_ACCOUNT
    return Why.OLD_POST if past.case.kind == EventKind.MOVER else Why.NEW_GROUP


def _look_at_open(found: Compared, past: _Past, draft: Draft) -> None:
    rows = {(row.account.id, place(row)): row for row in draft.plan.steps if row.action in COMPARED}
    for key, drift in past.drifts.items():
        planned = rows.get(key)
        if drift.state == DriftState.REMOVING or key[1] == StepAction.END_SESSIONS:
            continue
        if planned is None or (planned.group is None and planned.verdict is Verdict.KEEP):
            found.absent.append(drift)
        elif planned.verdict in _LEFT_IN:
            found.over.append(drift)


async def _past(tx: AsyncConnection, case: CaseRow, instance: str) -> _Past:
    steps, drifts, shots = columns(StepRow), columns(DriftRow), columns(SnapshotRow)
    mine = await where(tx, StepRow, steps.person_id == case.person_id, steps.instance == instance)
    open_ = await where(
        tx,
        DriftRow,
        drifts.person_id == case.person_id,
        drifts.instance == instance,
        drifts.state.in_(UNSETTLED),
    )
    seen = await where(tx, SnapshotRow, shots.case_id == case.id, shots.instance == instance)
    known = {shot.account_id for shot in seen} | {s.account_id for s in mine if s.case_id == case.id}
    known |= await _linked_then(tx, case, instance)
    by_key = {(row.account_id, row.group_id): row for row in open_}
    return _Past(case, mine, by_key, frozenset(known))


async def _linked_then(tx: AsyncConnection, case: CaseRow, instance: str) -> set[str]:
    """The accounts that counted as theirs when the case began: one linked or released since is another."""
    links = columns(LinkRow)
    rows = await where(tx, LinkRow, links.person_id == case.person_id, links.instance == instance)
    begun = case.started_at or case.created_at
    return {row.account_id for row in rows if max(row.created_at, row.released_at or row.created_at) <= begun}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the case in force plans today on a step's instance; None where that could not be drawn."""

    standing: Standing
    draft: Draft | None

    def shows(self, step: StepRow) -> bool:
        """Whether the membership of a step was there, of a live account, when the plan was drawn."""
        seen = self.draft.memberships if self.draft is not None else ()
        key = (step.account_id, step.group_id)
        return any((one.account.id, one.group.id) == key and one.account.active for one in seen)


async def drawn_today(app: Bawab, step: StepRow) -> Drawn | None:
    """Draw today's plan for the person of a step; None where nothing says that they must be out."""
    standing = await app.store.look(partial(_in_force, step))
    if standing is None:
        return None
    try:
        return Drawn(standing, await Drafter(reading(app, step.instance)).on(standing.case, step.instance))
    except ConnectorError:
        return Drawn(standing, None)


async def undone(app: Bawab, step: StepRow, drawn: Drawn | None = None) -> Sighting | None:
    """Say what it means today that a removal was seen undone; None where the person is rightly in.

    Where today's plan cannot be drawn the sighting stands, and a person is asked.
    """
    drawn = drawn or await drawn_today(app, step)
    if drawn is None:
        return None
    standing, draft = drawn.standing, drawn.draft
    planned = None if draft is None else _row_for(draft, step)
    if planned is not None and planned.group is not None and planned.verdict in _LEFT_IN:
        return None
    async with app.store.read() as tx:
        asked = await why_asked(app, tx, standing, planned, draft)
    return Sighting(standing, planned or planned_of(step), Why.CAME_BACK, asked)


def _row_for(draft: Draft, step: StepRow) -> PlannedStep | None:
    key = (step.account_id, step.action, step.group_id)
    rows = draft.plan.steps
    return next((r for r in rows if (r.account.id, r.action, r.group.id if r.group else "") == key), None)


async def _in_force(step: StepRow, tx: AsyncConnection) -> Standing | None:
    """The case that says today that this person must be out; a leave of absence speaks for itself."""
    case = await one(tx, CaseRow, columns(CaseRow).id == step.case_id)
    if case is None:
        return None
    if case.kind not in LEAVING and case.kind != EventKind.MOVER:
        return None if case.event_key.startswith(PAST) else Standing(case)
    standing = await standing_of(tx, step.person_id)
    if standing is None or not await is_planned(tx, standing.case, step.instance):
        return None
    return standing
