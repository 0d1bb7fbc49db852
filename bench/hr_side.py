"""One measurement of HR files in a process of its own: `python -m bench.hr_side WHAT PATH`, JSON out."""

from __future__ import annotations

import asyncio
import csv
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import configure_mappers

from bot.app import open_bawab
from bot.settings import HrFeed, Settings
from bot.watch import Watcher

Said = dict[str, Any]
POLICY = """\
version: 1
rules:
  - {id: leaver, on: [leaver, contractor_end], groups: all, action: remove, when: end_of_last_day}
  - {id: mover, on: mover, groups: all, action: remove, when: now}
"""


def count_newlines(path: Path) -> Said:
    """Read the file and count its line breaks: the least anybody can do who reads it at all."""
    lines = 0
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            lines += chunk.count(b"\n")
    return {"lines": lines}


def dict_reader(path: Path) -> Said:
    """Merely read the file with csv.DictReader, keeping nothing."""
    rows = 0
    with path.open(encoding="utf-8", newline="") as stream:
        for _ in csv.DictReader(stream):
            rows += 1
    return {"rows": rows}


def deliver(folder: Path) -> Said:
    """Take what lies in `folder`/hr into the database of `folder`, as `bawab run` would."""
    return asyncio.run(_deliver(folder))


async def _deliver(folder: Path) -> Said:
    policies = folder / "policies.yaml"
    policies.write_text(POLICY)
    feed = HrFeed(path=folder / "hr", settle_seconds=0)
    settings = Settings(data_dir=folder / "data", policies=policies, hr={"main": feed})
    configure_mappers()  # start-up too: a service has long done it when a feed comes
    async with open_bawab(settings, connect=False) as app:
        watcher = Watcher(app)
        start = time.process_time()
        outcomes = await watcher.scan()
        cpu = time.process_time() - start
    return {
        "cpu": cpu,
        "outcomes": [
            {"state": one.state, "rows": one.rows, "changes": one.changes and one.changes.counts()}
            for one in outcomes
            if one.state
        ],
    }


KINDS: dict[str, Callable[[Path], Said]] = {
    "newlines": count_newlines,
    "DictReader": dict_reader,
    "delivery": deliver,
}


def main() -> None:
    """Run one; print processor seconds (start-up apart), the peak of resident memory (MB), and its answer."""
    start = time.process_time()
    said = KINDS[sys.argv[1]](Path(sys.argv[2]))
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": cpu, "rss": peak} | said))  # noqa: T201


if __name__ == "__main__":
    main()
