"""Goal 9: processor time and memory of durable, audited, verified removals beside a bare loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from bench.clients import Setting, bawab, peer
from bench.runs import Run, interleave, stub
from bench.stubs.slack import BOT
from bench.table import Row
from bench.work import Work

WORK, QUICK = Work(100, 20, 200), Work(25, 20, 200)
ROUNDS = 3
OURS, BARE = "Bawab", "bare slack_sdk loop, same calls"


def rows(*, quick: bool = False) -> list[Row]:
    """Measure in real time, without limits: only work of the processor counts."""
    work = QUICK if quick else WORK
    with stub("slack") as server:
        setting = Setting(server, work, model="none", speed=1.0)
        calls: list[Any] = []

        def ours() -> Run:
            run = bawab(setting)
            calls[:] = same_calls(work, run.seen["requests"])
            return run

        clients: dict[str, Callable[[], Run]] = {OURS: ours}
        clients[BARE] = lambda: peer(setting.at(job={"calls": calls}), "slack_bare")
        block = interleave(clients, 1 if quick else ROUNDS)
    what = f"{work.removals:,} verified removals, staff of 1,000, stored as planning would"
    note = block.doubt_of(OURS)
    found = [_ratio(what, block.runs, work.removals, note)]
    memory = {name: median(run.client["peak_mb"] for run in runs) for name, runs in block.runs.items()}
    found.append(
        Row(9, f"{what}: resident memory", f"{memory[OURS]:.0f} MB", f"{memory[BARE]:.0f} MB ({BARE})",
            memory[OURS] / memory[BARE], "≤ 3", "")
    )  # fmt: skip
    return found


def _ratio(what: str, runs: Mapping[str, list[Run]], removals: int, note: str) -> Row:
    cpu = {name: median(run.client["cpu"] for run in its) * 1000 / removals for name, its in runs.items()}
    made = {name: median(run.seen["calls"] for run in its) for name, its in runs.items()}
    said = f"calls: {made[OURS]:,.0f} and {made[BARE]:,.0f}"
    ratio = cpu[OURS] / cpu[BARE]
    return Row(9, f"{what}: processor", f"{cpu[OURS]:.2f} s per 1,000", f"{cpu[BARE]:.2f} s ({BARE})", ratio,
               "≤ 1.6", "; ".join(filter(None, [note, said])))  # fmt: skip


def same_calls(work: Work, requests: Mapping[str, int]) -> list[tuple[str, str, dict[str, str]]]:
    """Give the calls Bawab made, for the bare loop: each person's kicks, then their share of reads."""
    people = work.memberships()
    calls: list[tuple[str, str, dict[str, str]]] = []
    left = {method: count for method, count in requests.items() if method != "conversations.kick"}
    for place, (person, groups) in enumerate(people.items(), start=1):
        calls += [("conversations.kick", "POST", {"channel": group, "user": person}) for group in groups]
        for method, count in left.items():
            due = count * place // len(people) - count * (place - 1) // len(people)
            calls += [_read(method, person, groups[0])] * due
    return calls


def _read(method: str, person: str, group: str) -> tuple[str, str, dict[str, str]]:
    said = {
        "users.info": {"user": person},
        "users.conversations": {"user": person, "limit": "200", "types": "public_channel,private_channel"},
        "conversations.members": {"channel": group, "limit": "200"},
        "conversations.info": {"channel": group},
        "auth.test": {"user": BOT},
    }
    return method, "POST" if method == "auth.test" else "GET", said.get(method, {})
