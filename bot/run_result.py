"""What a run came to: whatever it touched that is not done, is held, or needs an operator."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.tail import Row, entries_after
from bot.holds import open_holds
from bot.states import CASE_RUNNING, STEP_SUCCESS, FeedState, LaneState, StepState
from bot.store.query import columns, where
from bot.store.tables import CaseInstanceRow, CaseRow, FeedRow, LaneRow, StepRow

AT_ONCE = 500
_EXPECTED = STEP_SUCCESS | {StepState.CANCELLED, StepState.WAIVED}
"""Where a step may stand without anybody having to look at it."""


@dataclass(slots=True)
class Touched:
    """What the entries of a run speak of."""

    steps: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    feeds: set[str] = field(default_factory=set)
    alarms: int = 0
    """Sources that cannot be read, and a log that is not whole."""
    instances: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Counts of what the run touched, as things stand now."""

    steps: dict[str, int]
    """State → steps the run touched."""
    exceptions: int
    """Steps that are no success, and cases that wait for an instance to be readable."""
    held: int
    """Holds and quarantined feeds of this run that still wait for a release."""
    operator: int
    """Paused lanes, HR sources that cannot be read, a log that is not whole."""
    refused: int = 0
    """Feeds of this run that cannot be read: nothing can be released, a new file is needed."""


async def run_result(app: Bawab, since: int) -> RunResult:
    """Judge everything logged after entry `since`."""
    touched = Touched()
    async for row in entries_after(app.store, since):
        _note(touched, row["action"], row)
    async with app.store.read() as tx:
        steps = await _steps(tx, touched.steps)
        states = Counter(step.state for step in steps)
        waiting = await _waiting(tx, touched.cases)
        held = await _held(tx, touched)
        refused = await _feeds(tx, touched, FeedState.REFUSED)
        lanes = columns(LaneRow)
        paused = await where(
            tx, LaneRow, lanes.state == LaneState.PAUSED, lanes.instance.in_(touched.instances)
        )
    undone = sum(count for state, count in states.items() if state not in _EXPECTED)
    operator = len(paused) + touched.alarms
    return RunResult(dict(sorted(states.items())), undone + waiting, held, operator, refused)


def _note(touched: Touched, action: str, row: Row) -> None:
    detail = row["detail"] or {}
    touched.steps |= {row["step_id"]} - {None}
    touched.cases |= {row["case_id"]} - {None}
    touched.instances |= {row["instance"]} - {None}
    if action == Action.HOLD_RAISE:
        touched.holds.add(detail["hold"])
    elif action in (Action.FEED_QUARANTINE, Action.FEED_REFUSE):
        touched.feeds.add(detail["feed"])
    elif action == Action.FEED_UNREACHABLE or (action, row["outcome"]) == (Action.AUDIT_VERIFY, "broken"):
        touched.alarms += 1


async def _steps(tx: AsyncConnection, ids: set[str]) -> list[StepRow]:
    found: list[StepRow] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        found += await where(tx, StepRow, columns(StepRow).id.in_(ordered[start : start + AT_ONCE]))
    return found


async def _waiting(tx: AsyncConnection, cases: set[str]) -> int:
    """Count the running cases of this run that an unreadable instance keeps waiting."""
    rows, ordered, total = columns(CaseInstanceRow), sorted(cases), 0
    for start in range(0, len(ordered), AT_ONCE):
        part = ordered[start : start + AT_ONCE]
        running = await where(
            tx, CaseRow, columns(CaseRow).id.in_(part), columns(CaseRow).state.in_(CASE_RUNNING)
        )
        ids = [case.id for case in running]
        total += len(await where(tx, CaseInstanceRow, rows.case_id.in_(ids), rows.state == "pending"))
    return total


async def _held(tx: AsyncConnection, touched: Touched) -> int:
    still = [hold for hold in await open_holds(tx) if hold.digest in touched.holds]
    return len(still) + await _feeds(tx, touched, FeedState.QUARANTINED)


async def _feeds(tx: AsyncConnection, touched: Touched, state: FeedState) -> int:
    feeds = columns(FeedRow)
    return len(await where(tx, FeedRow, feeds.id.in_(touched.feeds), feeds.state == state))
