"""A Slack that somebody else wrote: npm `emulate`, run on a free port where it is installed."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.ports import free_port

COMMAND = os.environ.get("BAWAB_SLACK_EMULATOR", "")
WHERE_INSTALLED = pytest.mark.skipif(
    not COMMAND, reason="BAWAB_SLACK_EMULATOR names no installed `emulate` command (npm, Node 20)"
)
TOKEN = "xoxb-emulated-bawab"
PEOPLE = [f"person{n}" for n in range(10)]
CHANNELS = [f"team-{n}" for n in range(5)]


@asynccontextmanager
async def emulator(folder: Path) -> AsyncIterator[str]:
    """Run the emulator on a free port; gives the URL of its Web API."""
    seed = {
        "slack": {
            "users": [{"name": "bawab", "is_admin": True}, *({"name": name} for name in PEOPLE)],
            "channels": [{"name": name} for name in CHANNELS],
            "tokens": [{"token": TOKEN, "user": "bawab", "type": "bot"}],
        }
    }
    (folder / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
    port = free_port()
    child = await asyncio.create_subprocess_exec(
        COMMAND, "start", "-s", "slack", "-p", str(port), "--seed", str(folder / "seed.json"),
        stdout=asyncio.subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    try:
        await _answering(port)
        yield f"http://127.0.0.1:{port}/api/"
    finally:
        child.terminate()
        await child.wait()


async def _answering(port: int) -> None:
    for _ in range(1200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise AssertionError("the emulator did not start within a minute")
