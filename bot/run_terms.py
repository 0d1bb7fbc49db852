"""The terms of a run's review: which runs are a time of watching, what is trouble, how long one may wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.audit.actions import Action

FRAMES: Final = ("service", "once")
"""Runs that are a time of watching: what happens in it belongs to runs of its own, all but the trouble."""
ALARMS: Final = (
    Action.FEED_REFUSE,
    Action.FEED_UNREACHABLE,
    Action.FEED_QUARANTINE,
    Action.LANE_PAUSE,
    Action.LISTEN_FAIL,
)
"""Trouble that no run of its own tells of."""
BROKEN: Final = "broken"
"""The outcome of a look at the log that found it broken: trouble, too."""
AGEING: Final = timedelta(days=1)
ESCALATE_AFTER: Final = timedelta(days=3)
"""An unreviewed run that waited so long is escalated, once."""
HORIZON: Final = timedelta(days=60)
"""Runs of longer ago are not looked through at every tick: they were escalated in their time."""
SINCE: Final = "reviews_since"
"""Remembered by the upgrade that brought reviews: runs that ended before it are owed none."""


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """How many runs wait for a review, and how many of them too long."""

    waiting: int
    overdue: int


NONE_UNREVIEWED: Final = Unreviewed(0, 0)
