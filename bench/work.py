"""The work every client of a block is given: who leaves, and what they are in; the same by its seed."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

BOT_TOKEN, ADMIN_TOKEN = "xoxb-bench", "xoxp-bench"
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Work:
    """Leavers with so many groups each, out of so many groups in all."""

    leavers: int
    each: int
    groups: int
    urgent: int = 0
    """Groups of one more leaver, `U9URGENT`, who is not part of the bulk."""
    stay: int = 1
    """Default channels, of everybody, that nobody can be taken out of."""

    @property
    def removals(self) -> int:
        """How many memberships end in bulk."""
        return self.leavers * self.each

    def memberships(self) -> dict[str, list[str]]:
        """Person → the groups to be taken out of."""
        chance = random.Random(SEED)  # noqa: S311 - the same work for everybody, no secret
        names = [f"C{number:05}" for number in range(self.groups)]
        found = {f"U{number:05}": sorted(chance.sample(names, self.each)) for number in range(self.leavers)}
        if self.urgent:
            found["U9URGENT"] = sorted(chance.sample(names, self.urgent))
        return found

    def world(self) -> dict[str, Any]:
        """The platform's state before: the memberships that end, and a few that stay."""
        stays = [f"CGENERAL{number}" for number in range(self.stay)]
        members = {person: [*groups, *stays] for person, groups in self.memberships().items()}
        return {"members": members, "channels": [f"C{number:05}" for number in range(self.groups)]}

    def job(self, url: str, speed: float, **more: Any) -> dict[str, Any]:
        """What a client is told."""
        told = {"url": url, "speed": speed, "epoch": time.time(), "leavers": self.memberships()}
        return {**told, "tokens": {"bot": BOT_TOKEN}, **more}
