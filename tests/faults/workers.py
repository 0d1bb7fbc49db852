"""Real `bawab worker` processes on a real PostgreSQL, each platform's sandbox in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from bot.app import Bawab, open_bawab
from bot.demo.processes import SandboxProcess
from bot.holds import open_holds
from bot.release import release
from bot.service import Service
from bot.settings import load_settings
from bot.status import status
from bot.store.query import where
from bot.store.tables import LaneRow, StepRow
from tests.bot.world import HEADER, POLICY

ROOT = Path(__file__).resolve().parents[2]
SLACK = "connectors.chat.slack.sandbox"
PATIENCE_SECONDS = 150.0
"""Only against waiting for ever: two processes that start on a busy machine may take a minute."""
HEARTBEAT, STALLED = 1.0, 4.0


@dataclass(slots=True)
class Plant:
    """One company whose work is divided: its database, its sandboxes, and the processes at work on it."""

    folder: Path
    url: str
    sandboxes: dict[str, SandboxProcess] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    feeds: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take part."""
        found = {
            "BAWAB_DATABASE_URL": self.url,
            "BAWAB_DATA_DIR": str(self.folder / "data"),
            "BAWAB_POLICIES": str(self.folder / "policy.yaml"),
            "BAWAB_TIME_ZONE": "Asia/Riyadh",
            "BAWAB_HR__HR__PATH": str(self.folder / "hr"),
            "BAWAB_HR__HR__SETTLE_SECONDS": "0",
            "BAWAB_TICK_SECONDS": "0.25",
            "BAWAB_NOTICES__ENABLED": "false",
            "BAWAB_WORKERS__HEARTBEAT_SECONDS": str(HEARTBEAT),
            "BAWAB_WORKERS__STALLED_SECONDS": str(STALLED),
        }
        for name, sandbox in self.sandboxes.items():
            at = f"BAWAB_SLACK__{name.upper()}__"
            found |= {
                f"{at}BOT_TOKEN": "xoxb-sandbox-bot",
                f"{at}BASE_URL": sandbox.facts["base_url"],
                f"{at}SCIM_URL": sandbox.facts["scim_url"],
                f"{at}PACE_SCALE": "0",
            }
        return {**found, **self.more}

    def drop(self, rows: Sequence[str]) -> None:
        """Put an export into HR's folder."""
        self.feeds += 1
        path = self.folder / "hr" / f"{self.feeds:03}.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Bawab]:
        """Open Bawab here, to look and to release; not to work."""
        with variables(self.environment):
            settings = load_settings()
        async with open_bawab(settings) as app:
            yield app

    async def settle_in(self) -> None:
        """Get past the first run, in this process."""
        async with self.opened() as app:
            await Service(app).once(quiet=0.0)
            async with app.store.read() as tx:
                holds = await open_holds(tx)
            for hold in holds:
                await release(app, hold.digest, actor="person:noura")

    @asynccontextmanager
    async def worker(self, *words: str, more: Mapping[str, str] | None = None) -> AsyncIterator[Worker]:
        """Start a process; ended at once at the end, if it still runs."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("BAWAB_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.surfaces.cli.main",
            *(words or ("worker",)),
            cwd=ROOT,
            env={**known, **self.environment, **(more or {})},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        made = Worker(process)
        reading = asyncio.create_task(made.read())
        try:
            yield made
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            await process.wait()
            await reading
            sys.stdout.write("\n".join([*made.said, ""]))  # for whoever reads why a test failed

    async def steps(self, app: Bawab) -> list[StepRow]:
        """Every step."""
        async with app.store.read() as tx:
            return await where(tx, StepRow)

    async def owners(self, app: Bawab) -> dict[str, str | None]:
        """Which process drains each lane."""
        async with app.store.read() as tx:
            return {lane.instance: lane.owner for lane in await where(tx, LaneRow)}

    async def ticks(self, app: Bawab) -> str | None:
        """Which process ticks."""
        return (await status(app)).ticking

    async def members(self, name: str, channel: str) -> list[str]:
        """Who is really in a channel, asked of the sandbox."""
        state = await self.sandboxes[name].state()
        return list(next(one for one in state["channels"] if one["id"] == channel)["members"])

    async def journal(self, name: str) -> list[dict[str, Any]]:
        """Every call the sandbox took."""
        page = f"{self.sandboxes[name].facts['url']}/_sandbox/journal"
        async with aiohttp.ClientSession() as session, session.get(page) as answer:
            found: list[dict[str, Any]] = await answer.json()
        return found


@dataclass(slots=True)
class Worker:
    """One process at work."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What it calls itself: host and number."""
        return f"{socket.gethostname()}:{self.process.pid}"

    async def read(self) -> None:
        """Keep what it says."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.said.append(line.decode().rstrip())

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for its end; gives its exit code."""
        return await asyncio.wait_for(self.process.wait(), seconds)


async def until(
    ready: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS, every: float = 0.1
) -> float:
    """Wait until it is so; gives how long that took, in seconds."""
    began = monotonic()
    while not await ready():
        assert monotonic() - began < seconds, f"not so after {seconds} s"
        await asyncio.sleep(every)
    return monotonic() - began


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def seed(people: Sequence[str], channels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a Slack of these people, in these channels."""
    return {
        "users": [{"id": f"U{one.upper()}", "name": one, "email": f"{one}@corp.test"} for one in people],
        "channels": [
            {"id": f"C-{name}", "name": name, "members": ["UBOT", *(f"U{one.upper()}" for one in inside)]}
            for name, inside in channels.items()
        ],
    }


@asynccontextmanager
async def plant(folder: Path, url: str, seeds: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[Plant]:
    """Start a sandbox for each seed, and make ready everything that a worker reads."""
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    made = Plant(folder, url)
    async with AsyncExitStack() as stack:
        for name, one in seeds.items():
            path = folder / f"{name}.json"
            path.write_text(json.dumps(one), encoding="utf-8")
            made.sandboxes[name] = await stack.enter_async_context(SandboxProcess(SLACK, path))
        yield made
