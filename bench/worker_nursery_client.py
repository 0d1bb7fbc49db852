"""Speaks to the process that forks workers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Nursery:
    """Starts workers without their imports."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def start(self, environment: Mapping[str, str]) -> int:
        """Start a worker in this environment; gives its number."""
        given, said = self._process.stdin, self._process.stdout
        if given is None or said is None:
            raise RuntimeError("the nursery has no pipes")
        given.write(json.dumps(dict(environment)).encode() + b"\n")
        await given.drain()
        return int(await asyncio.wait_for(said.readline(), 60))


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Start the nursery; its workers are whoever started them's to end."""
    pipe = asyncio.subprocess.PIPE
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BAWAB_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.worker_nursery", cwd=ROOT, env=clean, stdin=pipe, stdout=pipe
    )
    try:
        yield Nursery(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
