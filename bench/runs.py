"""Starts stubs and clients in processes of their own, and judges whether a block of runs counts."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.clock import calibrate

MOST_DRIFT = 0.15
MOST_CORE = 0.5
"""More of a core than this, while time is scaled, and the numbers say something of this machine instead."""
MOST_TRIES = 3
"""So often a block is measured at most: on a shared machine another's work may fall into any of them."""
LONGEST_RUN = 300.0
Job = dict[str, Any]
Said = dict[str, Any]


@dataclass(slots=True)
class StubProcess:
    """A stub server, steered over its control address."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def steer(self, what: str, **said: Any) -> Said:
        """Say `reset`, `fault`, `mark` (begin a new ledger) or `report` to the stub; gives its report."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", f"/_stub/{what}", json.dumps(said))
            answer: Said = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer


@contextmanager
def stub(kind: str) -> Iterator[StubProcess]:
    """Run a stub while inside."""
    command = [sys.executable, "-m", "bench.stubs", kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield StubProcess(int(process.stdout.readline()), process)
    finally:
        process.kill()
        process.communicate()


@dataclass(slots=True)
class Client:
    """A program under measurement that is running."""

    process: subprocess.Popen[str]
    errors: Any

    def end(self, timeout: float = LONGEST_RUN) -> Said:
        """Wait for its end and give what it said; raises RuntimeError with its last words where it failed."""
        out, _ = self.process.communicate(timeout=timeout)
        with self.errors:
            self._judge()
        said: Said = json.loads(out.strip().splitlines()[-1])
        return said

    def _judge(self) -> None:
        if self.process.returncode:
            self.errors.seek(0)
            said = self.errors.read()[-3000:]
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.returncode}:\n{said}")

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()


def start(module: str, job: Job, folder: Path, *arguments: str) -> Client:
    """Start a client with hastened clocks on a job."""
    path = folder / f"job-{time.monotonic_ns()}.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-m", "bench.hastened", module, str(path), *arguments]
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process that writes it
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603 - ours
    return Client(process, errors)


@dataclass(slots=True)
class Run:
    """One client's run: what it said, what the stub saw, and what may make it not count."""

    client: Said
    seen: Said
    speed: float = 1.0
    doubts: list[str] = field(default_factory=list)

    @property
    def took(self) -> float:
        """Scaled seconds from the first request to the last effect, as the stub saw them."""
        return float(self.seen["last_effect"] - self.seen["first"])

    def judge(self) -> None:
        """Note what used over half a core while time was scaled."""
        if self.speed == 1.0:
            return
        real = max(0.001, self.seen["now"] / self.speed)
        for who, cpu in (("client", self.client.get("cpu", 0.0)), ("stub", self.seen["cpu"])):
            if cpu / real > MOST_CORE:
                self.doubts.append(f"the {who} used {cpu / real:.0%} of a core")


@dataclass(slots=True)
class Block:
    """Interleaved runs of several clients on the same work."""

    runs: dict[str, list[Run]]
    drift: float

    @property
    def doubt(self) -> str:
        """Why the block does not count; empty where it does."""
        doubts = [f"the calibration loop drifted by {self.drift:.0%}"] if self.drift > MOST_DRIFT else []
        doubts += [f"{name}: {why}" for name, runs in self.runs.items() for run in runs for why in run.doubts]
        return "INVALID: " + "; ".join(dict.fromkeys(doubts)) if doubts else ""

    def doubt_of(self, name: str) -> str:
        """Why one client's runs do not count: the machine's drift, or its own use of a core."""
        doubts = [f"the calibration loop drifted by {self.drift:.0%}"] if self.drift > MOST_DRIFT else []
        doubts += [why for run in self.runs[name] for why in run.doubts]
        return "INVALID: " + "; ".join(dict.fromkeys(doubts)) if doubts else ""


def interleave(
    clients: Mapping[str, Callable[[], Run]], rounds: int, *, speed: Callable[[], float] = calibrate
) -> Block:
    """Run every client in turn, `rounds` times; all of it again, at most twice, where the machine drifted.

    Of several tries the one that drifted least is given: what the clients did plays no part in the choice.
    """
    tries: list[Block] = []
    while not tries or (tries[-1].drift > MOST_DRIFT and len(tries) < MOST_TRIES):
        tries.append(_interleaved(clients, rounds, speed))
    return min(tries, key=lambda one: one.drift)


def _interleaved(clients: Mapping[str, Callable[[], Run]], rounds: int, speed: Callable[[], float]) -> Block:
    """A B A B, with a calibration loop before, between, after."""
    runs: dict[str, list[Run]] = {name: [] for name in clients}
    speeds = [speed()]
    for _ in range(rounds):
        for name, client in clients.items():
            run = client()
            run.judge()
            runs[name].append(run)
            speeds.append(speed())
    return Block(runs, drift_of(speeds))


def drift_of(seconds: Sequence[float]) -> float:
    """How far the slowest calibration lies above the fastest."""
    return max(seconds) / min(seconds) - 1.0
