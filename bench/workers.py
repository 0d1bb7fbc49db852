"""Goal 14: many processes on one PostgreSQL — takeover, efficiency, random kills counted at the platform.

`python -m bench.workers --kills 200`. The platform is the Slack sandbox, a process for each workspace; the
workers are real processes; what took effect is counted at the sandbox.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import func, select

from bench.table import Row, as_text
from bench.worker_nursery_client import Nursery, nursery
from bench.workers_waiting import rows as waiting_rows
from bot.app import Bawab
from bot.holds import open_holds
from bot.release import release
from bot.states import STEP_BOT_AT_WORK, STEP_SUCCESS, StepState
from bot.store.query import columns, table
from bot.store.tables import StepRow
from tests.faults.workers import HEARTBEAT, STALLED, Plant, plant, seed, until
from tests.postgres import Server, fresh, server

LANES = ("one", "two", "three")
STAYING = tuple(f"s{number}" for number in range(40))
PACE = 0.1
"""Of a real Slack's limits: 500 removals a minute in each workspace."""
LONG = 3600.0
SEED = 20261120
SOON_MISSED = {"BAWAB_WORKERS__HEARTBEAT_SECONDS": "0.5", "BAWAB_WORKERS__STALLED_SECONDS": "2"}


@dataclass(slots=True)
class Size:
    """How much work there is."""

    lanes: int = 1
    leavers: int = 4
    channels: int = 20
    pace: float = PACE

    @property
    def people(self) -> list[str]:
        """Everybody, leavers first."""
        return [*(f"l{number}" for number in range(self.leavers)), *STAYING]

    def rows(self, *, gone: bool) -> list[str]:
        """HR's export."""
        left = ["terminated,2026-11-01" if gone and one[0] == "l" else "active," for one in self.people]
        both = zip(self.people, left, strict=True)
        return [f"{one},{one},{one}@corp.test,Sales,{status}," for one, status in both]


@dataclass(slots=True)
class Field:
    """A plant with all its work planned and none of it done, and the workers let loose on it."""

    plant: Plant
    app: Bawab
    nursery: Nursery
    size: Size
    running: list[int] = field(default_factory=list)

    async def start(self, lanes_at_once: int = 8) -> int:
        """Start a worker; gives its number."""
        environment = self.plant.environment | {"BAWAB_WORKERS__LANES_AT_ONCE": str(lanes_at_once)}
        pid = await self.nursery.start(environment)
        self.running.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End a worker as a power cut does."""
        self.running.remove(pid)
        os.kill(pid, signal.SIGKILL)

    async def steps(self) -> list[StepRow]:
        """Every step but those in #general, which nobody can be taken out of."""
        return [step for step in await self.plant.steps(self.app) if step.group_id != "CGENERAL"]

    async def release(self) -> None:
        """Let go whatever the guards hold."""
        async with self.app.store.read() as tx:
            holds = await open_holds(tx)
        for hold in holds:
            await release(self.app, hold.digest, actor="person:s0")

    async def open(self) -> int:
        """Count the steps still to be done; all of them, before they are planned."""
        await self.release()
        steps = columns(StepRow)
        still = sorted({*STEP_BOT_AT_WORK, StepState.HELD})
        ended = [steps.group_id != "CGENERAL", steps.state.not_in(still)]
        async with self.app.store.read() as tx:
            done = (
                await tx.execute(select(func.count()).select_from(table(StepRow)).where(*ended))
            ).scalar_one()
        return self.size.lanes * self.size.leavers * self.size.channels - int(done)

    async def is_done(self) -> bool:
        """Whether nothing is left."""
        return await self.open() == 0

    async def counted(self) -> tuple[int, int, int]:
        """Count at the sandbox: lost (or unaccounted for), doubled, called again without effect."""
        lost = doubled = again = 0
        for name in self.plant.sandboxes:
            state = await self.plant.sandboxes[name].state()
            inside = [set(one["members"]) for one in state["channels"] if one["id"].startswith("C-")]
            lost += sum(member.startswith("UL") for members in inside for member in members)
            calls = [
                call for call in await self.plant.journal(name) if call["method"] == "conversations.kick"
            ]
            done = Counter(_whom(call) for call in calls if call["effect"] in {"done", "delayed"})
            doubled += sum(done.values()) - len(done)
            again += len(calls) - sum(done.values())
        unsaid = sum(step.state not in STEP_SUCCESS for step in await self.steps())
        return lost + unsaid, doubled, again


def _whom(call: dict[str, Any]) -> tuple[str, str]:
    return call["params"].get("channel", ""), call["params"].get("user", "")


@asynccontextmanager
async def laid_out(on: Server, size: Size) -> AsyncIterator[Field]:
    """Give a field with work for `size`, past the first run."""
    inside = {f"c{number}": size.people for number in range(size.channels)}
    seeds = {name: seed(size.people, inside) for name in LANES[: size.lanes]}
    url = await asyncio.to_thread(fresh, on)
    with tempfile.TemporaryDirectory() as folder:
        async with plant(Path(folder), url, seeds) as made, nursery() as hatch:
            made.drop(size.rows(gone=False))
            await made.settle_in()
            for name in seeds:
                made.more[f"BAWAB_SLACK__{name.upper()}__PACE_SCALE"] = str(size.pace)
            made.drop(size.rows(gone=True))
            async with made.opened() as app:
                laid = Field(made, app, hatch, size)
                try:
                    yield laid
                finally:
                    for pid in list(laid.running):
                        laid.kill(pid)


async def takeover(on: Server, times: int) -> list[float]:
    """Kill whoever drains the lane, again and again; gives the seconds until another does."""
    found: list[float] = []
    async with laid_out(on, Size(leavers=8, channels=60)) as laid:
        for _ in range(2):
            await laid.start()
        await until(partial(_begun, laid), seconds=LONG)
        while len(found) < times and await laid.open():
            pid = await _drainer(laid)
            laid.kill(pid)
            began = monotonic()
            await until(partial(_is_other, laid, pid), seconds=LONG, every=0.05)
            found.append(monotonic() - began)
            await laid.start()
            await asyncio.sleep(3.0)
    return found


async def _is_other(laid: Field, gone: int) -> bool:
    return await _drainer(laid) != gone


async def _drainer(laid: Field) -> int:
    """Wait until a lane has a drainer; gives its number."""
    while True:
        owner = next(iter((await laid.plant.owners(laid.app)).values()), None)
        if owner is not None and int(owner.rpartition(":")[2]) != os.getpid():
            return int(owner.rpartition(":")[2])
        await asyncio.sleep(0.05)


async def kills(on: Server, count: int, chance: random.Random) -> tuple[int, int, int, int]:
    """Kill one of three workers at random moments; gives kills made, lost, doubled, called again.

    Dead ones are missed soon, so that most kills fall into work and not into waiting; the work goes slowly
    while there is killing, and as fast as it can when that is over.
    """
    size = Size(lanes=3, leavers=8, channels=80, pace=0.25)
    made = 0
    async with laid_out(on, size) as laid:
        laid.plant.more |= SOON_MISSED
        for _ in LANES:
            await laid.start()
        await until(partial(_begun, laid), seconds=LONG)
        while made < count and await laid.open():
            await asyncio.sleep(chance.uniform(0.1, 1.6))
            laid.kill(chance.choice(laid.running))
            made += 1
            await laid.start()
        await _finished(laid)
        return made, *(await laid.counted())


async def _finished(laid: Field) -> None:
    """Let new workers do what is left, unpaced."""
    for pid in list(laid.running):
        laid.kill(pid)
    for name in laid.plant.sandboxes:
        laid.plant.more[f"BAWAB_SLACK__{name.upper()}__PACE_SCALE"] = "0"
    for _ in LANES:
        await laid.start()
    await until(laid.is_done, seconds=LONG, every=1.0)


async def _begun(laid: Field) -> bool:
    await laid.release()
    return any(step.state in STEP_SUCCESS for step in await laid.steps())


async def throughput(on: Server, lanes: int, pace: float) -> float:
    """Let as many workers as lanes take one each; gives the steps a second of the lanes together."""
    async with laid_out(on, Size(lanes=lanes, leavers=6, channels=25, pace=pace)) as laid:
        for _ in range(lanes):
            await laid.start(lanes_at_once=1)
        await until(laid.is_done, seconds=LONG, every=0.5)
        steps = await laid.steps()
        return sum(_rate([step for step in steps if step.instance == name]) for name in LANES)


def _rate(steps: Sequence[StepRow]) -> float:
    began = [step.requested_at.timestamp() for step in steps if step.requested_at is not None]
    ended = [step.verified_at.timestamp() for step in steps if step.verified_at is not None]
    return len(ended) / (max(ended) - min(began)) if ended else 0.0


def rows(*, quick: bool = False, killed: int | None = None) -> list[Row]:
    """Give the rows of goal 14: about processes, and about what waits."""
    return [*measured(quick=quick, killed=killed), *waiting_rows(quick=quick)]


def measured(*, quick: bool, killed: int | None, seeded: int = SEED) -> Iterator[Row]:
    """Give the rows about processes, each as soon as it is known."""
    count = killed if killed is not None else (10 if quick else 200)
    with server() as on:
        yield _takeover_row(asyncio.run(takeover(on, 2 if quick else 5)))
        chance = random.Random(seeded)  # noqa: S311 - no secret
        yield _kills_row(count, asyncio.run(kills(on, count, chance)))
        yield from _efficiency(on, (2,) if quick else (2, 3))


def _takeover_row(seconds: list[float]) -> Row:
    worst = max(seconds)
    note = f"worst of {len(seconds)} kills; heartbeat {HEARTBEAT:g} s"
    value, floor = f"{worst:.1f} s", f"{STALLED:.1f} s (heartbeat timeout)"
    return Row(14, "takeover after kill -9", value, floor, worst / STALLED, "≤ 2", note)


def _efficiency(on: Server, counts: Sequence[int]) -> Iterator[Row]:
    for pace, what, target in ((PACE, "at the platform's pace", "≥ 0.9"), (0.0, "unpaced, all the CPU", "")):
        one = asyncio.run(throughput(on, 1, pace))
        for count in counts:
            many = asyncio.run(throughput(on, count, pace))
            note = "" if target else f"{os.cpu_count()} cores carry sandboxes, PostgreSQL and workers"
            label = f"{count} workers on {count} lanes, {what}"
            floor = f"{one:.1f} steps/s of one worker"
            yield Row(14, label, f"{many:.1f} steps/s", floor, many / (count * one), target, note)


def _kills_row(asked: int, counted: tuple[int, int, int, int]) -> Row:
    made, lost, doubled, again = counted
    note = f"{lost} lost, {doubled} doubled, {again} calls repeated without effect; counted at the sandbox"
    if made < asked:
        note = f"INVALID: only {made} of {asked} kills fell into the work; {note}"
    return Row(
        14, f"{made} random kill -9", f"{lost + doubled} lost or doubled", "0", lost + doubled, "≤ 0", note
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--kills", type=int, default=None, help="how many random kills (200)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the moments and the victims")
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args(arguments)
    for row in measured(quick=said.quick, killed=said.kills, seeded=said.seed):
        sys.stdout.write(as_text([row]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
