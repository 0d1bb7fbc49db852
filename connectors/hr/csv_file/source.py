"""The HR source for CSV and XLSX files: what has arrived, and each file staged whole or refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

from connectors.hr.contract import Delivery, StagedFeed

from .arrivals import Arrivals
from .config import CsvFileConfig
from .line_feed import stage_by_lines
from .staging import stage_file


class CsvFileSource:
    """One folder or file of HR exports; implements `connectors.contract.HrSource`."""

    def __init__(self, config: CsvFileConfig) -> None:
        self._config = config
        self._arrivals = Arrivals(config)

    @property
    def name(self) -> str:
        return self._config.name

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield finished files, oldest first; the same ones each time, until they are taken away.

        Raises Unavailable where the folder or a file is missing or unreadable.
        """
        for path in await asyncio.to_thread(self._arrivals.finished):
            delivery = await asyncio.to_thread(self._arrivals.deliver, path)
            if delivery is None:
                return
            yield delivery

    def arriving(self) -> Sequence[str]:
        """Name the files that had not stood still long enough at the last look."""
        return self._arrivals.arriving

    async def stage(self, delivery: Delivery, since: str | None = None) -> StagedFeed:
        """Read a delivery in a worker thread: whole, or what is new in it since the feed `since`.

        Raises BadFeed with every complaint, or Unavailable where the file changed or found no room.
        """
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(_stage, self._config, delivery, since, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise


def _stage(
    config: CsvFileConfig, delivery: Delivery, since: str | None, cancelled: threading.Event
) -> StagedFeed:
    staged = None if since is None else stage_by_lines(config, delivery, since, cancelled)
    return staged or stage_file(config, delivery, cancelled)
