"""A process that has imported Bawab once and forks a child per run, each to be killed at its n-th line.

Reads one JSON object per line, `{"settings": …, "kill_after": n | null, "count": true | false}`, and answers
each with another, `{"status": -9 | 0 | 1, "lines": n | null}`. `kill_after` counts lines executed in `bot/`
and `connectors/`; where they are to be counted, `lines` says how many there were.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from bot.app import open_bawab
from bot.only_one import only_one
from bot.service import Service
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "bot"), str(ROOT / "connectors"))
Trace = Callable[[FrameType, str, Any], Any]


async def work(settings: Settings) -> None:
    """One `bawab run --once`."""
    async with open_bawab(settings) as app, only_one(app):
        await Service(app).once(quiet=2.0)


class Lines:
    """A tracer that counts the lines of our code, and kills its process at the n-th, as `kill -9` does."""

    def __init__(self, kill_at: int | None) -> None:
        self.run = 0
        self._kill_at = kill_at

    def __call__(self, frame: FrameType, event: str, _: Any) -> Trace | None:
        """Count one event."""
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            self.run += 1
            if self.run == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def child(order: dict[str, Any], answer: int) -> int:
    """Run in the forked process; never returns to the loop below."""
    settings = Settings(_env_file=None, **order["settings"])
    lines = Lines(order["kill_after"])
    if order["kill_after"] is not None or order["count"]:
        sys.settrace(lines)
    asyncio.run(work(settings))
    if order["count"]:
        os.write(answer, str(lines.run).encode())
    return 0


def born(order: dict[str, Any]) -> dict[str, int | None]:
    """Fork a child for an order, and say how it ended."""
    heard, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = child(order, answer)
        except BaseException:  # noqa: BLE001 - a child says why and ends; it must not read on
            traceback.print_exc()
        os._exit(code)
    os.close(answer)
    with os.fdopen(heard) as said:
        lines = said.read()
    _, status = os.waitpid(pid, 0)
    return {"status": os.waitstatus_to_exitcode(status), "lines": int(lines) if lines else None}


def main() -> None:
    """Fork a child per order, one at a time."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(born(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
