"""Goal 13: a signed event until the first removal leaves, beside a bare handler that does as much outside.

`python -m bench.events --events 200`. The events and the stub of Slack are this process; Bawab and the bare
handler are processes of their own, told in turn, and the clock is read when an event is sent and when the
stub has the removal.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.stubs.http import Reply, Request, serve
from bench.stubs.slack import SlackStub
from bench.table import Row, as_text

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - of nobody
KICK = "conversations.kick"
WARM, COUNTED = 10, 200
LATENCIES = (0.0, 0.05)
"""Seconds a call takes at the platform: none at all, and about what the way to Slack and back takes."""
QUIET, LONGEST = 0.2, 10.0
Said = dict[str, Any]


class Slack(SlackStub):
    """Tells when each removal came in, and what was asked since the last event."""

    __slots__ = ("calls", "kicked", "latest")

    def seed(self, world: Any) -> None:
        """As ever, and nothing seen yet."""
        super().seed(world)
        self.calls: list[str] = []
        self.kicked: dict[str, asyncio.Future[float]] = {}
        self.latest = 0.0

    async def quiet(self) -> None:
        """Wait until nothing has been asked for a while, so that one event is over before the next."""
        if (rest := self.latest + QUIET + self.latency - time.monotonic()) > 0:
            await asyncio.sleep(rest)
            await self.quiet()

    def answer(self, request: Request) -> Reply:
        """Note the request before it is answered."""
        self.latest = time.monotonic()
        method = request.path.rpartition("/")[2]
        self.calls.append(method)
        if method == KICK:
            waiting = self.kicked.get(request.parameters()["user"])
            if waiting is not None and not waiting.done():
                waiting.set_result(self.latest)
        return super().answer(request)


@dataclass(slots=True)
class Told:
    """What came of the events told to one handler."""

    sent: list[float] = field(default_factory=list)
    kicked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """From sending the event to the stub having the removal."""
        return [to - since for since, to in zip(self.sent, self.kicked, strict=True)]


@dataclass(slots=True)
class Handler:
    """A handler in a process of its own."""

    process: asyncio.subprocess.Process
    url: str
    told: Told = field(default_factory=Told)

    async def end(self) -> Said:
        """Let it stop; gives what it said last, if anything."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        out, _ = await self.process.communicate()
        lines = out.decode().strip().splitlines()
        said: Said = json.loads(lines[-1]) if lines else {}
        return said


@asynccontextmanager
async def handler(module: str, job: Said) -> AsyncIterator[Handler]:
    """Start a handler and wait until it listens."""
    path = Path(job["folder"]) / f"{module}.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(path), stdin=pipe, stdout=pipe
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield Handler(process, json.loads(await process.stdout.readline())["url"])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@dataclass(slots=True)
class Measured:
    """Both sides, told in turn."""

    latency: float
    ours: Told
    bare: Told
    commits: int
    calls: tuple[str, ...]
    sound: bool


async def measured(count: int, latency: float) -> Measured:
    """Tell both `count` events, in turn, after finding out what ours calls and how often it commits."""
    people = {f"U{number:05}": f"C{number:05}" for number in range(2 * WARM + count)}
    others = {f"UB{number:05}": f"CB{number:05}" for number in range(WARM + count)}
    stub = Slack()
    stub.seed({"members": {who: [where] for who, where in (people | others).items()}})
    stub.latency = latency
    server, port = await serve(stub.answer)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        job: Said = {"folder": name, "url": f"http://127.0.0.1:{port}", "secret": SECRET, "people": people}
        job |= {"tokens": {"bot": "xoxb-bench"}, "pace_scale": 0.0, "staff": 0}
        async with aiohttp.ClientSession() as http, handler("bench.events_side", job) as ours:
            mine, theirs = iter(people.items()), iter(others.items())
            for _ in range(WARM):
                await _tell(http, stub, ours, *next(mine))
            calls = statistics.mode(ours.told.calls)
            job |= {"calls": calls, "commits": _commits(Path(name), ours.told)}
            async with handler("bench.events_bare", job) as bare:
                for _ in range(WARM):
                    await _tell(http, stub, ours, *next(mine))
                    await _tell(http, stub, bare, *next(theirs))
                ours.told, bare.told = Told(), Told()
                for _ in range(count):
                    await _tell(http, stub, ours, *next(mine))
                    await _tell(http, stub, bare, *next(theirs))
                bare_told = bare.told
            said = await ours.end()
    server.close()
    return Measured(latency, ours.told, bare_told, job["commits"], calls, said["sound"])


def _commits(folder: Path, told: Told) -> int:
    """Count the commits between an event and its removal."""
    at = [float(line) for line in (folder / "commits").read_text(encoding="ascii").split()]
    spans = list(zip(told.sent, told.kicked, strict=True))[WARM // 2 :]
    return statistics.mode(sum(since <= instant <= to for instant in at) for since, to in spans)


async def _tell(http: aiohttp.ClientSession, stub: Slack, to: Handler, who: str, where: str) -> None:
    """Tell of somebody who joined, wait for their removal, and then until nothing is asked any more."""
    event = {"type": "member_joined_channel", "user": who, "channel": where, "channel_type": "C"}
    outer = {"type": "event_callback", "team_id": "T0BENCH", "event_id": f"Ev{who}", "event": event}
    body = json.dumps(outer).encode()
    kicked = stub.kicked[who] = asyncio.get_running_loop().create_future()
    stub.calls = []
    to.told.sent.append(time.monotonic())
    async with http.post(to.url, data=body, headers=_signed(body)) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{to.url} answered {answer.status}")
    to.told.answered.append(time.monotonic())
    to.told.kicked.append(await asyncio.wait_for(kicked, LONGEST))
    to.told.calls.append(tuple(stub.calls))
    await stub.quiet()


def _signed(body: bytes) -> dict[str, str]:
    at = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    named = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
    return named | {"Content-Type": "application/json"}


def rows(*, quick: bool = False) -> list[Row]:
    """Give the rows of goal 13."""
    count = 30 if quick else COUNTED
    return [row for latency in LATENCIES for row in rows_of(asyncio.run(measured(count, latency)))]


def rows_of(found: Measured) -> list[Row]:
    """Give one row for each percentile."""
    ours, bare = found.ours.seconds, found.bare.seconds
    made = f"{len(found.calls)} calls ({', '.join(found.calls)}), {found.commits} durable commits each"
    note = f"{made}; answered after {_ms(_at(_answers(found.ours), 50))}, the bare one after "
    note += _ms(_at(_answers(found.bare), 50))
    if not found.sound:
        note = f"INVALID: the audit log does not verify; {note}"
    what = f"{len(ours)} signed Slack events, {found.latency * 1000:g} ms a call: first removal,"
    return [
        Row(13, f"{what} p{share}: Bawab", _ms(_at(ours, share)), f"{_ms(_at(bare, share))} (bare handler)",
            _at(ours, share) / _at(bare, share), "≤ 1.3", note)
        for share in (50, 99)
    ]  # fmt: skip


def _answers(told: Told) -> list[float]:
    return [at - since for since, at in zip(told.sent, told.answered, strict=True)]


def _at(seconds: Sequence[float], share: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[share - 1]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--events", type=int, default=COUNTED)
    parser.add_argument("--latency", type=float, nargs="*", default=LATENCIES, help="seconds a call takes")
    said = parser.parse_args(arguments)
    for latency in said.latency:
        sys.stdout.write(as_text(rows_of(asyncio.run(measured(said.events, latency)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
