"""A second process that appends: `python -m tests.bot.audit.writer DIRECTORY FIRST COUNT [die]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.audit.log import open_audit
from bot.store.db import Store
from tests.bot.audit.conftest import removal


async def main(directory: Path, first: int, count: int, *, die: bool) -> None:
    url = os.environ.get("BAWAB_DATABASE_URL")
    store = Store.open(url) if url else Store.at(directory / "bawab.db")
    log = await open_audit(store, directory, lambda: datetime.now(UTC))
    if die:
        store.after_commit = killed
    for number in range(first, first + count):
        async with store.write() as tx:
            await log.append(tx, removal(number), removal(number))
    await log.checkpoint(f"writer {first}")
    await store.aclose()


async def killed() -> None:
    """What `kill -9` does at the worst moment: after the commit, before the head is written."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), die=sys.argv[4:] == ["die"]))
