"""A process that has imported Bawab once, and forks a `bawab worker` per order: a start costs no imports.

Reads one JSON object per line, the environment of a worker, and answers with its process number. What
workers say goes nowhere, or to the file named in BENCH_WORKER_LOG.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import bot.dispatch_jobs
import bot.surfaces.beside
import bot.surfaces.listener
import connectors.chat.slack
from bot.surfaces.cli.main import main as command

LOADED = (bot.dispatch_jobs, bot.surfaces.beside, bot.surfaces.listener, connectors.chat.slack)


def born(environment: dict[str, str]) -> int:
    """Fork a worker; gives its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        quiet = os.open(os.environ.get("BENCH_WORKER_LOG", os.devnull), os.O_RDWR | os.O_APPEND)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        os.environ.update(environment)
        command(["worker"])
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def main() -> None:
    """Fork a worker per line, until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended: they are killed
    for line in sys.stdin:
        sys.stdout.write(f"{born(json.loads(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
