"""The HR source for CSV and XLSX files: what has arrived, and each file staged whole or refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

from connectors.hr.contract import Delivery, StagedFeed

from .arrivals import Arrivals
from .config import CsvFileConfig
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

    async def stage(self, delivery: Delivery) -> StagedFeed:
        """Read a delivery whole in a worker thread.

        Raises BadFeed with every complaint, or Unavailable where the file changed or found no room.
        """
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(stage_file, self._config, delivery, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise
