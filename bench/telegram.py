"""Goal 7 on Telegram: 150 ms of latency, thirty calls a second, 200 chats of one and 20 of a hundred."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.clients import Setting, bawab, peer
from bench.runs import Block, Run, interleave, stub
from bench.stubs.limiters import least_seconds
from bench.stubs.telegram import OVERALL
from bench.table import Row
from bench.work import SEED, Work

LATENCY = 0.15
TOKEN = "777000777:AAbench-token-of-a-stub-on-loopback000"  # noqa: S105 - of a stub
PEERS = {"PTB sequential": "sequential", "PTB gathered": "gathered", "PTB with AIORateLimiter": "limiter"}


@dataclass(frozen=True, slots=True)
class Chats(Work):
    """The same work with ids as Telegram has them."""

    def memberships(self) -> dict[str, list[str]]:
        """User id → chat ids."""
        chance = random.Random(SEED)  # noqa: S311 - the same work for everybody, no secret
        chats = [str(-1001000000000 - number) for number in range(self.groups)]
        return {str(5000 + number): sorted(chance.sample(chats, self.each)) for number in range(self.leavers)}

    def world(self) -> dict[str, Any]:
        """Who is where."""
        return {"members": self.memberships()}


def rows(*, quick: bool = False) -> list[Row]:
    """Measure; quick: one leaver only, Bawab and the limiter."""
    one, shared = Chats(1, 200, 200), Chats(100, 20, 20)
    job: dict[str, Any] = {"platform": "telegram", "kind": "supergroup", "tokens": {"bot": TOKEN}}
    job |= {"look_first": True, "manner": "bar"}
    found: list[Row] = []
    with stub("telegram") as server:
        for work, what, target in (
            (one, "one leaver × 200 chats", 1.25),
            (shared, f"{shared.leavers} leavers sharing 20 chats", 1.05),
        ):
            if quick and work is shared:
                continue
            setting = Setting(server, work, speed=2.0, latency=LATENCY, job=job)
            block = interleave(_clients(setting, quick=quick), 1)
            found += [row for name in block.runs for row in _rows(what, name, block, work, target)]
    return found


def _clients(setting: Setting, *, quick: bool) -> dict[str, Callable[[], Run]]:
    clients: dict[str, Callable[[], Run]] = {"Bawab": lambda: bawab(setting)}
    longest = 6 * least_seconds("token", setting.work.removals, OVERALL) + 30
    for name, how in PEERS.items():
        if not quick or how == "limiter":
            clients[name] = lambda how=how: peer(setting, "telegram_ptb", how, longest=longest)  # type: ignore[misc]
    return clients


def _rows(what: str, name: str, block: Block, work: Work, target: float) -> list[Row]:
    (run,) = block.runs[name]
    floor = least_seconds("token", work.removals, OVERALL) + LATENCY
    lost = work.removals - run.seen["effects"]
    made = ", ".join(f"{count} {method}" for method, count in sorted(run.seen["requests"].items()))
    notes = [block.doubt_of(name), f"{lost} not done" if lost else "", f"{run.seen['limited']} × 429", made]
    note = "; ".join(filter(None, notes))
    ours = name == "Bawab"
    ratio = None if lost else run.took / floor
    target_said = f"≤ {target}" if ours else ""
    found = [
        Row(7, f"Telegram, {what}: {name}", f"{run.took:.1f} s", f"{floor:.1f} s", ratio, target_said, note)
    ]
    if ours:
        verified = run.seen["last"] - run.seen["first"]
        both = least_seconds("token", 2 * work.removals, OVERALL) + 2 * LATENCY
        values = (f"{verified:.1f} s", f"{both:.1f} s", verified / both, target_said)
        shared = "; ".join(filter(None, [block.doubt_of(name), "the same thirty calls a second for both"]))
        found.append(Row(7, f"Telegram, {what}: Bawab, read back too", *values, shared))
    return found
