"""Where everything stands, as `bawab status` tells it: the values alone, whoever read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.run_terms import NONE_UNREVIEWED, Unreviewed

if TYPE_CHECKING:  # the rows may be other objects with the same attributes (bot.glance.rows)
    from bot.store.access_tables import ConfirmationRow
    from bot.store.group_tables import SuccessionRow
    from bot.store.tables import CaseRow, FeedRow, GapRow, HoldRow, LaneRow, TaskRow
    from bot.words.troubles import Trouble
    from policies.roles import Role

STANDING = ""
"""The `case_id` of a gap that stands for a whole instance."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a person who comes in the morning wants to know."""

    cases: dict[str, int]
    """State → open cases in it."""
    overdue: tuple[CaseRow, ...]
    """Due before now and not begun, or begun late."""
    next_due: CaseRow | None
    holds: tuple[HoldRow, ...]
    lanes: tuple[LaneRow, ...]
    """Those that wait or are paused."""
    tasks: tuple[TaskRow, ...]
    """Open tasks, the most urgent first."""
    questions: int
    """Doubts about who is who that only a person can settle."""
    feeds: tuple[FeedRow, ...]
    """The last delivery of each source."""
    deaf: tuple[Trouble, ...]
    """What keeps Bawab from hearing a platform's events."""
    gaps: tuple[GapRow, ...]
    """Standing gaps of coverage, as of the last `bawab check`."""
    orphans: tuple[SuccessionRow, ...] = ()
    """Groups whose last owner is to go, and nobody to take them over."""
    drifts: int = 0
    """Memberships that are there again and wait for a decision."""
    lone: tuple[tuple[HoldRow, str], ...] = ()
    """Holds whose approval travels only by what it changes, or reaches nobody, and which of the two."""
    silenced: str | None = None
    """Who stopped all messages, while they are stopped."""
    vacant: tuple[Role, ...] = ()
    """Roles nobody carries any more, without which nothing can be decided."""
    unconfirmed: tuple[ConfirmationRow, ...] = ()
    """Emergencies that wait for a second person's word."""
    seats: tuple[str, ...] = ()
    """Groups whose registered owner or deputy leaves, and that nobody has taken over."""
    drained: tuple[LaneRow, ...] = ()
    """Lanes that a process drains, where many may: its host and number stand in `owner`."""
    ticking: str | None = None
    """Which of many processes ticks, as host and number."""
    unreviewed: Unreviewed = NONE_UNREVIEWED
    """Runs that wait for IT's review."""


def late(case: Any, now: datetime, not_started: Collection[str]) -> bool:
    """Whether an open case is overdue: due before now and not begun, or begun late."""
    return case.overdue or (case.due is not None and case.due < now and case.state in not_started)


def by_due(case: Any) -> tuple[str, str]:
    """Order cases by when they are due, for `sorted`."""
    return (case.due.isoformat() if case.due else "~"), case.id


def by_deadline(task: Any) -> tuple[datetime, str]:
    """Order tasks by urgency, for `sorted`."""
    return task.deadline, task.id
