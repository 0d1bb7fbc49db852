"""Goal 9: processor time and memory of durable, audited, verified removals beside a bare loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from bench.clients import SIDE, Setting, bawab, peer, seeded
from bench.runs import Block, Run, interleave, start, stub
from bench.stubs.slack import BOT
from bench.table import Row
from bench.work import Work

WORK, QUICK = Work(100, 20, 200), Work(25, 20, 200)
ROUNDS = 3
OURS, BARE = "Bawab", "bare slack_sdk loop, same calls"
ASYNC = "bare AsyncWebClient, one session, 16 in flight, same calls"
FLOOR = "floor: bare aiohttp, sqlite3, chained and sealed entries, signed heads; same calls"


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
        clients[ASYNC] = lambda: peer(setting.at(job={"calls": calls}), "slack_bare_async")
        clients[FLOOR] = lambda: peer(setting.at(job={"calls": calls}), "slack_floor")
        block = interleave(clients, 1 if quick else ROUNDS)
        idle = _idle(setting)
    what = f"{work.removals:,} verified removals, staff of 1,000, stored as planning would"
    spent = [_processor(what, name, block, work.removals) for name in (OURS, FLOOR, ASYNC)]
    return [*spent, _memory(what, block, idle)]


def _idle(setting: Setting) -> float:
    """Give the megabytes a process holds that has only opened the install."""
    with seeded(setting) as folder:
        return float(start(SIDE, setting.told(folder), folder, "idle").end()["peak_mb"])


def _processor(what: str, name: str, block: Block, removals: int) -> Row:
    def per_thousand(whose: str) -> float:
        return float(min(run.client["cpu"] for run in block.runs[whose])) * 1000 / removals

    calls = f"{block.runs[name][0].seen['calls']:,} calls"
    without = {ASYNC: "no database, no log", FLOOR: "no queue, no clearance, no pacing, no claim, no plan"}
    note = "; ".join(filter(None, [block.doubt_of(name), calls, without.get(name, "")]))
    ours, bare = per_thousand(name), per_thousand(BARE)
    target = "≤ 1.6" if name == OURS else ""
    floor = f"{bare:.2f} s ({BARE})"
    return Row(9, f"{what}, processor: {name}", f"{ours:.2f} s per 1,000", floor, ours / bare, target, note)


def _memory(what: str, block: Block, idle: float) -> Row:
    ours, bare = (median(run.client["peak_mb"] for run in block.runs[name]) for name in (OURS, BARE))
    note = f"{idle:.0f} MB of it with the install open and nothing done: the libraries"
    floor = f"{bare:.0f} MB ({BARE})"
    return Row(9, f"{what}, resident memory: {OURS}", f"{ours:.0f} MB", floor, ours / bare, "≤ 3", note)


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
