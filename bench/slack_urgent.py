"""Goal 1: an urgent leaver of twenty groups who arrives in the middle of ten thousand removals."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.clients import SIDE, Setting, seeded, stub_time, wait_for_effects
from bench.runs import Client, Run, interleave, start, stub
from bench.stubs.limiters import least_seconds
from bench.stubs.slack import TIERS
from bench.table import Row
from bench.work import Work

KICK = TIERS["t3"]
URGENT, GROUPS = "U9URGENT", 20
EARLY = 60
"""How many removals of the bulk are done when the urgent leaver comes."""
SCRIPT = "bench.peers.slack_sequential"


def rows(*, quick: bool = False) -> list[Row]:
    """Measure. The bulk is what is left of 10,000 in their middle: 5,000 wait (quick: 500)."""
    bulk = Work(25 if quick else 250, 20, 400, urgent=GROUPS)
    with stub("slack") as server:
        setting = Setting(server, bulk)
        fast = setting.at(speed=60.0 if quick else 240.0)
        clients: dict[str, Callable[[], Run]] = {
            "Bawab": lambda: _ours(setting),
            "second process beside a running script": lambda: _beside(setting),
            "FIFO script": lambda: _appended(fast),
        }
        block = interleave(clients, 1)
    what = f"urgent {GROUPS} groups in the middle of {2 * bulk.removals:,} removals"
    return [_row(what, name, run, block.doubt_of(name)) for name, (run,) in block.runs.items()]


def _row(what: str, name: str, run: Run, doubt: str) -> Row:
    # Whatever burst there was, the bulk has used up: twenty kicks at the even pace.
    floor = least_seconds("token", GROUPS + KICK[2], KICK)
    took, done = run.seen["chosen_last"] - run.client["arrived"], run.seen["chosen"]
    note = "; ".join(filter(None, [doubt, "" if done == GROUPS else f"only {done} of {GROUPS} done"]))
    ratio = took / floor if done == GROUPS else None
    target = "≤ 1.1" if name == "Bawab" else ""
    return Row(1, f"{what}: {name}", f"{took:,.1f} s", f"{floor:,.1f} s", ratio, target, note)


def _ours(setting: Setting) -> Run:
    """Bawab works on the bulk; another process of the install stores the urgent case meanwhile."""
    with seeded(setting) as folder:
        setting.reset()
        client = start(SIDE, setting.told(folder), folder, "drain")
        wait_for_effects(setting.stub, EARLY)
        job = setting.told(folder)
        said = start(SIDE, job, folder, "urgent").end()
        return _finish(setting, client, stub_time(setting, job["epoch"], said["at"]))


def _beside(setting: Setting) -> Run:
    """A script runs through the bulk; a second one is started for the urgent leaver alone."""
    with tempfile.TemporaryDirectory() as name:
        setting.reset()
        bulk, urgent = _parted(setting, Path(name))
        client = start(SCRIPT, bulk, Path(name))
        wait_for_effects(setting.stub, EARLY)
        job = urgent | {"epoch": time.time()}
        said = start(SCRIPT, job, Path(name)).end()
        return _finish(setting, client, stub_time(setting, job["epoch"], said["began"]))


def _appended(setting: Setting) -> Run:
    """A script works in order of arrival: the urgent leaver stands last."""
    with tempfile.TemporaryDirectory() as name:
        setting.reset()
        client = start(SCRIPT, setting.told(Path(name)), Path(name))
        wait_for_effects(setting.stub, EARLY)
        return _finish(setting, client, float(setting.stub.steer("report")["now"]))


def _parted(setting: Setting, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    job = setting.told(folder)
    bulk = {who: groups for who, groups in job["leavers"].items() if who != URGENT}
    return job | {"leavers": bulk}, job | {"leavers": {URGENT: job["leavers"][URGENT]}}


def _finish(setting: Setting, client: Client, arrived: float, longest: float = 120.0) -> Run:
    """Wait until the urgent leaver is out of everything, then stop the bulk."""
    until = time.monotonic() + longest
    seen = setting.stub.steer("report", prefix=URGENT)
    while seen["chosen"] < GROUPS and time.monotonic() < until and client.process.poll() is None:
        time.sleep(0.05)
        seen = setting.stub.steer("report", prefix=URGENT)
    client.kill()
    return Run({"arrived": arrived}, setting.stub.steer("report", prefix=URGENT), setting.speed)
