"""Goals 2 and 9 on Graph: parts refused inside a batch, and processor time beside msgraph-sdk one by one."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.clients import Setting, bawab, peer
from bench.runs import Run, interleave, stub
from bench.stubs.graph import TENANT
from bench.table import Row
from bench.work import SEED, Work
from bot.states import STEP_SUCCESS

JOB: dict[str, Any] = {"platform": "teams", "kind": "security_group", "tenant": TENANT, "look_first": False}
PEERS = {
    "msgraph-sdk one by one": "one",
    "msgraph-sdk ten at a time": "ten",
    "msgraph-sdk's own batches": "batch",
}


@dataclass(frozen=True, slots=True)
class Groups(Work):
    """The same work with ids as Entra has them."""

    def memberships(self) -> dict[str, list[str]]:
        """User id → group ids."""
        chance = random.Random(SEED)  # noqa: S311 - the same work for everybody, no secret
        groups = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(self.groups)]
        people = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(self.leavers)]
        return {person: sorted(chance.sample(groups, self.each)) for person in people}

    def world(self) -> dict[str, Any]:
        """Who is where."""
        return {"members": self.memberships()}


def rows(*, quick: bool = False) -> list[Row]:
    """Measure; quick: a tenth of the work, and no throttling."""
    work = Groups(10 if quick else 100, 20, 100)
    with stub("graph") as server:
        free = Setting(server, work, model="none", speed=1.0, job=JOB)
        limited = Setting(server, work, slower=4.0, speed=12.0, job=JOB)
        return [*_cost(free, 1 if quick else 2), *([] if quick else _throttled(limited))]


def _clients(setting: Setting) -> dict[str, Callable[[], Run]]:
    clients: dict[str, Callable[[], Run]] = {"Bawab": lambda: bawab(setting)}
    for name, how in PEERS.items():
        clients[name] = lambda how=how: peer(setting, "graph_sdk", how, longest=3000.0)  # type: ignore[misc]
    return clients


def _cost(setting: Setting, rounds: int) -> list[Row]:
    block = interleave(_clients(setting), rounds)
    removals = setting.work.removals
    cpu = {
        name: min(run.client.get("cpu", 0.0) for run in runs) * 1000 / removals
        for name, runs in block.runs.items()
    }
    base = cpu["msgraph-sdk one by one"]
    found = []
    for name, spent in cpu.items():
        notes = [block.doubt_of(name), "durable, audited, read back" if name == "Bawab" else ""]
        found.append(Row(9, f"Graph, {removals:,} removals, processor: {name}", f"{spent:.2f} s per 1,000",
                         f"{base:.2f} s (one by one)", spent / base, "≤ 0.3" if name == "Bawab" else "",
                         "; ".join(filter(None, notes))))  # fmt: skip
    return found


def _throttled(setting: Setting) -> list[Row]:
    """The quota is a quarter of the published one: parts inside batches come back as 429."""
    block = interleave(_clients(setting), 1)
    found = []
    for name, (run,) in block.runs.items():
        lost = setting.work.removals - run.seen["effects"]
        states = run.client.get("states", {})
        left = sum(count for state, count in states.items() if state not in STEP_SUCCESS)
        unaccounted = left if name == "Bawab" else run.client["errors"]
        notes = [block.doubt_of(name), f"{unaccounted} unaccounted", f"{run.seen['limited']} × 429"]
        what = f"Graph, {setting.work.removals:,} removals, parts of batches refused: {name}"
        found.append(Row(2, what, f"{lost} lost", "0", float(max(lost, unaccounted)),
                         "≤ 0" if name == "Bawab" else "", "; ".join(filter(None, notes))))  # fmt: skip
    return found
