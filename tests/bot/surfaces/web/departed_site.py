"""The console over a firm that two people have left, for the pages of the log, of runs and of pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from policies.roles import Role
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.departed import departed
from tests.bot.world import World

STAFF = {
    "omar": Role.IT,
    "noura": Role.HR,
    "sara": Role.CHAT_ADMIN,
    "huda": Role.BREAK_GLASS,
    "aud": Role.AUDITOR,
}
"""Who has which role; `aud` is known to nobody at HR."""


@dataclass(slots=True)
class Firm:
    """The firm and its console."""

    world: World
    site: Site

    async def run_of(self, person: str) -> str:
        """Give the run that somebody's case came from."""
        return next(case.run_id or "" for case in await self.world.cases() if case.person_id == person)

    async def case_of(self, person: str) -> str:
        """Give somebody's case."""
        return next(case.id for case in await self.world.cases() if case.person_id == person)


@asynccontextmanager
async def firm(made: Path, folder: Path) -> AsyncIterator[Firm]:
    """Open a copy of the firm with its console."""
    async with departed(made, folder) as world, console_of(world) as site:
        yield Firm(world, site)
