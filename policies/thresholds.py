"""Run guards: how much a run, a day or a group may lose before somebody must say yes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BreachKind(StrEnum):
    """Which of the three limits was passed."""

    RUN = "run"
    DAY = "day"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may happen unasked; each is the larger of a count and a percentage, under a ceiling.

    Identity products that guard against accidental deletion use a count, a percentage, or both. A percentage
    alone would hold every single leaver in a company of 40; a count alone would let a broken feed take 3
    people out of 5, or hold each Friday of a company of 10,000. So: the larger of the two, and never more
    than a number of people that one person can still read through. A company of 40 may lose 3 people in a run
    unasked, one of 1,000 may lose 20, one of 10,000 may lose 50. Turnover of 15 % a year is 0.3 % a week:
    2 % in one run is a bad week's work or a fault, and both deserve a look.

    Manual runs are not exempt. A day allows about two runs, so that many small runs are no way round.
    """

    run_count: int = 3
    run_percent: int = 2
    run_ceiling: int = 50
    day_count: int = 5
    day_percent: int = 4
    day_ceiling: int = 100
    group_count: int = 3
    group_percent: int = 25
    """A team of 12 may lose 3 in a day; losing more than a quarter at once is a closure, not a departure."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was passed: hold everything, show these numbers, let one person release it once."""

    kind: BreachKind
    what: str
    """The group for a group breach, else `run` or `day`."""
    count: int
    allowed: int
    directory: int
    """How many people (or members of the group) the percentage was taken of; 0 where unknown."""


def run_breach(people: int, directory: int, limits: Limits) -> Breach | None:
    """Judge the number of people one run would take out of anything; `directory` counts all people."""
    allowed = _allowed(directory, limits.run_count, limits.run_percent, limits.run_ceiling)
    return _over(Breach(BreachKind.RUN, "run", people, allowed, directory))


def day_breach(people_today: int, directory: int, limits: Limits) -> Breach | None:
    """Judge the number of people of the last 24 hours, this run included."""
    allowed = _allowed(directory, limits.day_count, limits.day_percent, limits.day_ceiling)
    return _over(Breach(BreachKind.DAY, "day", people_today, allowed, directory))


def group_breach(group: str, removals_today: int, members: int | None, limits: Limits) -> Breach | None:
    """Judge what one group loses in a day; `members` as before it, None where unknown."""
    total = members or 0
    allowed = max(limits.group_count, total * limits.group_percent // 100)
    return _over(Breach(BreachKind.GROUP, group, removals_today, allowed, total))


def _allowed(directory: int, count: int, percent: int, ceiling: int) -> int:
    return min(max(count, directory * percent // 100), ceiling)


def _over(breach: Breach) -> Breach | None:
    return breach if breach.count > breach.allowed else None
