"""A simulation, not a promise: 100,000 people × 50 groups, and a hundred workspaces, by arithmetic alone.

Published limits and the number of calls our algorithm needs give the least time; nothing is measured here.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

PEOPLE, GROUPS_EACH, GROUPS = 100_000, 50, 20_000
LAYOFF = 0.05
WORKSPACES = 100
CHUNK = 20
"""Steps of one person that one read-back answers for."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A published limit."""

    calls: int
    seconds: float

    def hours(self, calls: float) -> float:
        """Give the hours so many calls take."""
        return calls * self.seconds / self.calls / 3600


KICK, LIST, INFO, SCIM = Rate(50, 60), Rate(50, 60), Rate(100, 60), Rate(180, 60)
GRAPH_WRITE, GRAPH_TEAM = Rate(3000, 150), Rate(30, 1)
TELEGRAM = Rate(30, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the simulation."""

    what: str
    calls: float
    hours: float
    rests_on: str


def lines(people: int = PEOPLE, each: int = GROUPS_EACH, share: float = LAYOFF) -> list[Line]:
    """Give the lines for a company in which `share` of the people leave on one day."""
    leavers = round(people * share)
    removals = leavers * each
    reads = leavers * math.ceil(each / CHUNK)
    batches = math.ceil(removals / 20)
    split = removals / WORKSPACES
    return [
        Line(f"Slack, one workspace: {removals:,} kicks", removals + 2 * reads, KICK.hours(removals),
             "kick 50/min; one users.conversations for 20 kicks runs beside it in its own limit"),
        Line("Slack: everybody locked out first, by SCIM", leavers, SCIM.hours(leavers), "PATCH 180/min"),
        Line(f"Slack, {WORKSPACES} workspaces, a lane each", removals + 2 * reads, KICK.hours(split),
             "limits count per workspace and app; removals spread evenly"),
        Line("Slack, nightly comparison of everybody", GROUPS * 1.5, INFO.hours(GROUPS * 1.5),
             "conversations.members per channel, 100/min, half the channels on two pages"),
        Line("Entra: $batch of 20", batches, GRAPH_WRITE.hours(removals), "3,000 writes in 150 s"),
        Line("Teams: members/remove, 20 a call", batches, GRAPH_TEAM.hours(batches),
             "30/s for the tenant; 4/s for one team does not bind where teams are many"),
        Line("Telegram: one ban each, read back", 2 * removals, TELEGRAM.hours(2 * removals),
             "30/s assumed: no limit is published for these methods"),
    ]  # fmt: skip


def as_markdown() -> str:
    """Show the simulation with its assumptions."""
    head = [
        "## A simulation, not a promise",
        "",
        f"{PEOPLE:,} people × {GROUPS_EACH} groups in {GROUPS:,} groups; {LAYOFF:.0%} leave on one day.",
        "Arithmetic from published limits and the calls our algorithm makes: no server was asked, none of it",
        "was measured, and a platform may limit otherwise than it says. Platforms run side by side: the",
        "slowest rules, not the sum.",
        "",
        "| what | calls | least hours | rests on |",
        "| --- | --- | --- | --- |",
    ]
    rows = [f"| {line.what} | {line.calls:,.0f} | {line.hours:,.2f} | {line.rests_on} |" for line in lines()]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    sys.stdout.write(as_markdown() + "\n")
