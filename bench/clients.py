"""Runs Bawab, or a peer, once on a piece of work against a stub that was just reset."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.runs import Client, Run, Said, StubProcess, start
from bench.work import Work

SIDE = "bench.bawab_side"
During = Callable[[Client, Path], Client]
"""What happens while Bawab works in a data folder."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The same for every client of a block: stub, work, limiter, and how fast time runs."""

    stub: StubProcess
    work: Work
    model: str = "token"
    speed: float = 24.0
    slower: float = 1.0
    latency: float = 0.0
    job: dict[str, Any] = field(default_factory=dict)
    """More that clients are told."""
    world: dict[str, Any] | None = None
    """The platform's state; None: as the work has it."""

    def reset(self) -> None:
        """Put the stub back to the start of the work."""
        world = self.work.world() if self.world is None else self.world
        limits = {"model": self.model, "slower": self.slower, "latency": self.latency}
        self.stub.steer("reset", speed=self.speed, world=world, **limits)

    def told(self, folder: Path, *, speed: float | None = None) -> dict[str, Any]:
        """Give a client's job; the folder is where Bawab keeps its data."""
        pace = 0.0 if self.model == "none" else 1.0
        job = self.work.job(self.stub.url, speed or self.speed, folder=str(folder), pace_scale=pace)
        return job | self.job

    def at(self, **changes: Any) -> Setting:
        """Give the same with changes."""
        return replace(self, **changes)


@contextmanager
def seeded(setting: Setting) -> Iterator[Path]:
    """Give a data folder with the work stored in it, made by a process that has ended."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        start(SIDE, setting.told(folder, speed=1.0), folder, "seed").end()
        yield folder


def bawab(setting: Setting, during: During | None = None, *, prefix: str = "") -> Run:
    """Let Bawab do the work; `during` may disturb it, and gives the client that is to be waited for.

    Raises RuntimeError where the audit log does not verify afterwards.
    """
    with seeded(setting) as folder:
        setting.reset()
        client = start(SIDE, setting.told(folder), folder, "drain")
        if during is not None:
            client = during(client, folder)
        said = client.end()
        seen = setting.stub.steer("report", prefix=prefix)
        verdict = start(SIDE, setting.told(folder, speed=1.0), folder, "verdict").end()
    if not verdict["log_ok"]:
        raise RuntimeError("the audit log does not verify")
    said |= {"states": verdict["states"], "cpu": said["cpu_drain"]}
    return Run(said, seen, setting.speed)


def peer(
    setting: Setting,
    name: str,
    *arguments: str,
    longest: float | None = None,
    during: Callable[[Client], None] | None = None,
) -> Run:
    """Let a peer's script do the work; stopped after `longest` scaled seconds, if any."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setting.reset()
        client = start(f"bench.peers.{name}", setting.told(Path(folder)), Path(folder), *arguments)
        patience = 300.0 if longest is None else longest / setting.speed + 5.0
        if during is not None:
            during(client)
        said: Said
        try:
            said = client.end(patience)
        except subprocess.TimeoutExpired:
            client.kill()
            said = {"stopped": True, "errors": 0}
        return Run(said, setting.stub.steer("report"), setting.speed)


def stub_time(setting: Setting, epoch: float, hastened: float) -> float:
    """Turn an instant of a client's hastened clock into the stub's seconds."""
    real = epoch + (hastened - epoch) / setting.speed
    return float(setting.stub.steer("report")["now"]) - (time.time() - real) * setting.speed


def wait_for_effects(stub: StubProcess, least: int, longest: float = 120.0) -> None:
    """Wait until so many effects were seen; raises TimeoutError."""
    until = time.monotonic() + longest
    while stub.steer("report")["effects"] < least:
        if time.monotonic() > until:
            raise TimeoutError(f"fewer than {least} effects within {longest} s")
        time.sleep(0.02)
