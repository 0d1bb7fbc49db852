"""kill -9 at seeded random lines, again and again: counted at the sandbox and in the log, nothing is lost
and nothing is doubled."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bawab
from bot.release import release
from bot.service import Service
from bot.settings import Settings
from connectors.chat.slack.sandbox import (
    BOT_TOKEN,
    Sandbox,
    UserGroup,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from tests.bot.world import POLICY, World, channel, people

ROOT = Path(__file__).resolve().parents[2]
LEAVERS = ("ana", "omar", "sara")
STAYING = ("noura", "lina", "huda", "zaid")
CHANNELS = ("sales-a", "sales-b", "lunch", "town", "news")
KILLS = 26
"""For each of two seeds: 52 in all."""
WORK = 9_000
"""Lines beyond those of a run with nothing to do, in which some of the work is done."""
HEADER = "employee_id,name,email,department,status,last_day,time_zone"
REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-town, name: town, owner: noura}
  - {instance: wa, group: family, name: Family, owner: noura, members: [ana]}
"""


class Nursery:
    """Speaks to the process that forks the victims."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, settings: dict[str, Any], *, kill_after: int | None) -> int:
        """Let one child work; gives its exit status, -9 where it was killed."""
        answer = await self._order({"settings": settings, "kill_after": kill_after, "count": False})
        return int(answer["status"])

    async def lines(self, settings: dict[str, Any]) -> int:
        """Let one child work to its end; gives how many lines of ours it ran."""
        answer = await self._order({"settings": settings, "kill_after": None, "count": True})
        assert answer["status"] == 0
        return int(answer["lines"])

    async def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        answer: dict[str, Any] = json.loads(await asyncio.wait_for(self._process.stdout.readline(), 150))
        return answer


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.nursery",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def workspace() -> Sandbox:
    everyone = (*LEAVERS, *STAYING)
    channels = [channel(name, *everyone) for name in CHANNELS]
    group = UserGroup(id="S1", handle="sellers", users=[f"U{name.upper()}" for name in everyone])
    return create_sandbox(base_workspace().add(*people(*everyone), *channels, group))


def plain_settings(folder: Path, url: str) -> dict[str, Any]:
    slack = {"bot_token": BOT_TOKEN, "base_url": f"{url}/api/", "scim_url": f"{url}/scim/v1/"}
    return {
        "data_dir": str(folder / "data"),
        "policies": str(folder / "policy.yaml"),
        "registry": str(folder / "groups.yaml"),
        "time_zone": "Asia/Riyadh",
        "it_contact": "noura",
        "hr": {"hr": {"path": str(folder / "hr"), "settle_seconds": 0.0}},
        "slack": {"acme": {**slack, "pace_scale": 0.0}},
        "manual": {"wa": {"platform": "whatsapp"}},
    }


def rows(*, gone: bool) -> str:
    lines = [HEADER]
    for name in (*LEAVERS, *STAYING):
        left = "terminated,2026-11-01" if gone and name in LEAVERS else "active,"
        lines.append(f"{name},{name.title()},{name}@corp.test,Sales,{left},")
    return "\n".join(lines) + "\n"


async def baseline(folder: Path, settings: Settings) -> None:
    """The first run, observed and released, before anything is killed."""
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "groups.yaml").write_text(REGISTRY)
    (folder / "hr" / "1.csv").write_text(rows(gone=False))
    async with open_bawab(settings) as app:
        service = Service(app)
        await service.once(quiet=0.0)
        from bot.holds import open_holds

        async with app.store.read() as tx:
            holds = await open_holds(tx)
        for hold in holds:
            await release(app, hold.digest, actor="person:noura")


@pytest.mark.parametrize("seed", [7, 1391])
async def test_killed_again_and_again_it_removes_everybody_once_and_logs_it_once(
    tmp_path: Path, seed: int
) -> None:
    sandbox, dice = workspace(), random.Random(seed)  # noqa: S311 - chooses where to kill, guards nothing
    async with running_sandbox(sandbox) as url, nursery() as victims:
        plain = plain_settings(tmp_path, url)
        await baseline(tmp_path, Settings(_env_file=None, **plain))
        # Some die while they start, most while they work: measured, for what a start does changes.
        quiet = await victims.lines(plain)
        (tmp_path / "hr" / "2.csv").write_text(rows(gone=True))
        kills = 0
        while kills < KILLS:
            status = await victims.run(plain, kill_after=dice.randrange(quiet // 3, quiet + WORK))
            assert status in (-9, 0)
            if status == 0:
                break
            kills += 1
        assert len(sandbox.effective_removals()) >= 4, "most of the work was done between two kills"
        while await victims.run(plain, kill_after=None) != 0:
            pytest.fail("a run that nobody kills must end well")
        assert kills >= KILLS, f"only {kills} kills before the work was done: kill earlier"
        await check(Settings(_env_file=None, **plain), sandbox)


async def check(settings: Settings, sandbox: Sandbox) -> None:
    once = {(f"C-{name}", f"U{leaver.upper()}"): 1 for name in CHANNELS for leaver in LEAVERS}
    assert Counter(sandbox.effective_removals()) == once, "each removal had its effect exactly once"
    assert sandbox.workspace.user_groups["S1"].users == [f"U{name.upper()}" for name in STAYING]
    async with open_bawab(settings) as app:
        world = World(settings.data_dir, sandbox, None)  # type: ignore[arg-type] # its clock is never asked
        world.app = app
        steps = await world.steps()
        assert Counter(step.state for step in steps) == {"verified_absent": 18, "delegated": 1}
        log = await world.log()
        ends = Counter(e["step_id"] for e in log if e["outcome"] in ("verified_absent", "already_absent"))
        assert ends == {step.id: 1 for step in steps if step.state == "verified_absent"}
        opened = [e for e in log if e["action"] == "case.open"]
        assert len(opened) == len(LEAVERS)
        tasks = [e for e in log if e["action"] == "task.open"]
        assert len(tasks) == 1
        assert any(e["action"] == "step.retry" for e in log), "no kill fell between a call and its record"
        assert (await app.audit.verify()).ok
    told = [m["text"] for c in sandbox.workspace.channels.values() if c.is_im for m in c.messages]
    assert len(told) == len(set(told)), "nobody is told twice"
    assert len(told) >= len(LEAVERS)
