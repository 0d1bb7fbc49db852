"""A folder, a file in it, and the source that reads it: what every test of HR files begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.errors import BadFeed, Complaint
from connectors.hr.contract import Delivery, FeedFacts, FeedMode
from connectors.hr.csv_file import CsvFileConfig, CsvFileSource
from policies.model import Person

DELTA = FeedMode.DELTA


class Drop:
    """A watched folder and its spool under `root`; keywords are settings of the source."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.folder = root / "drop"
        self.folder.mkdir(exist_ok=True)
        self.spool = root / "spool"
        self.config = CsvFileConfig(
            **{"name": "hr", "path": self.folder, "spool": self.spool, "settle_seconds": 0.0, **settings}
        )
        self.source = CsvFileSource(self.config)

    def put(self, data: str | bytes, name: str = "hr.csv") -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    async def seen(self) -> list[Delivery]:
        return [delivery async for delivery in self.source.deliveries()]

    async def read(self, data: str | bytes, name: str = "hr.csv") -> tuple[FeedFacts, list[Person]]:
        """Deliver one file, stage it, and give its facts and people."""
        self.put(data, name)
        (delivery,) = await self.seen()
        staged = await self.source.stage(delivery)
        try:
            return staged.facts, [person async for person, _ in staged.people()]
        finally:
            await staged.aclose()

    async def refused(self, data: str | bytes, name: str = "hr.csv") -> tuple[Complaint, ...]:
        """Deliver one file that must be refused; nothing of it may be left in the spool."""
        self.put(data, name)
        (delivery,) = await self.seen()
        with pytest.raises(BadFeed) as refusal:
            await self.source.stage(delivery)
        assert self.left_in_spool() == []
        return refusal.value.complaints

    def left_in_spool(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir()) if self.spool.exists() else []


async def read(root: Path, data: str | bytes, name: str = "hr.csv", **settings: Any) -> list[Person]:
    """Give the people of one file."""
    _, people = await Drop(root, **settings).read(data, name)
    return people
