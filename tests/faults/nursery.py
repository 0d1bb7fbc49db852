"""A process that has imported Bawab once and forks a child per run, each to be killed at its n-th line.

Reads one JSON object per line, `{"settings": …, "kill_after": n | null}`, and answers each with another,
`{"status": -9 | 0 | 1}`. `kill_after` counts lines executed in `bot/` and `connectors/`.
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
from bot.service import Service, only_one
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "bot"), str(ROOT / "connectors"))
Trace = Callable[[FrameType, str, Any], Any]


async def work(settings: Settings) -> None:
    """One `bawab run --once`."""
    async with open_bawab(settings) as app, only_one(app):
        await Service(app).once(quiet=2.0)


def killer(after: int) -> Trace:
    """Make a tracer that kills this very process, as `kill -9` does, at its n-th line of our code."""
    left = after

    def trace(frame: FrameType, event: str, _: Any) -> Trace | None:
        nonlocal left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def child(order: dict[str, Any]) -> int:
    """Run in the forked process; never returns to the loop below."""
    settings = Settings(_env_file=None, **order["settings"])
    if order["kill_after"] is not None:
        sys.settrace(killer(order["kill_after"]))
    asyncio.run(work(settings))
    return 0


def main() -> None:
    """Fork a child per order, one at a time."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = child(json.loads(line))
            except BaseException:  # noqa: BLE001 - a child says why and ends; it must not read on
                traceback.print_exc()
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
