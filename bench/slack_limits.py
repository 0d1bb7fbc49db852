"""Goals 3 and 4: time over the minimum and 429s, on three kinds of limiter, beside what people use today."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from bench.clients import Setting, bawab, peer
from bench.runs import Block, Run, StubProcess, interleave, stub
from bench.stubs.limiters import least_seconds
from bench.stubs.slack import TIERS
from bench.table import Row
from bench.work import Work

KICK = TIERS["t3"]
NAMES = {"token": "token bucket", "window": "fixed window", "penalty": "penalty"}
FEW, MANY, HALF = Work(1, 200, 200), Work(100, 20, 200), Work(50, 20, 200)
FEW_SPEED, MANY_SPEED = 24.0, 30.0
LONGEST = 5.0
"""A peer is stopped after so many times the minimum."""


def rows(*, quick: bool = False) -> list[Row]:
    """Measure; quick: one leaver × 200, one round, the penalty limiter only."""
    with stub("slack") as server:
        found = _few(server) if quick else _all(server)
        wrong = (
            Setting(server, FEW, slower=2.0) if quick else Setting(server, HALF, slower=2.0, speed=MANY_SPEED)
        )
        return [*found, *_wrong_limit(wrong)]


def _few(server: StubProcess) -> list[Row]:
    return _block(Setting(server, FEW, model="penalty"), 1.25, ("sequential",), 1)


def _all(server: StubProcess) -> list[Row]:
    found: list[Row] = []
    for model in NAMES:
        # Who storms a penalty is at it until stopped: once is enough.
        rounds = 1 if model == "penalty" else 2
        few = Setting(server, FEW, model=model, speed=FEW_SPEED)
        found += _block(few, 1.25, ("sequential", "5", "100"), rounds)
        found += _block(Setting(server, MANY, model=model, speed=MANY_SPEED), 1.05, ("sequential",), 1)
    return found


def _block(setting: Setting, target: float, peers: tuple[str, ...], rounds: int) -> list[Row]:
    floor = least_seconds(setting.model, setting.work.removals, KICK)
    block = interleave(_clients(setting, peers, LONGEST * floor), rounds)
    found: list[Row] = []
    for name in block.runs:
        found += _judged(block, name, setting, floor, target if name == "Bawab" else None)
    return found


def _clients(setting: Setting, peers: tuple[str, ...], longest: float) -> dict[str, Callable[[], Run]]:
    clients: dict[str, Callable[[], Run]] = {"Bawab": lambda: bawab(setting)}
    if "sequential" in peers:
        clients["slack_sdk sequential, rate-limit handler"] = lambda: peer(
            setting, "slack_sequential", longest=longest
        )
    for retries in ("5", "100"):
        if retries in peers:
            clients[f"AsyncWebClient gathered, {retries} retries"] = lambda retries=retries: peer(  # type: ignore[misc]
                setting, "slack_gathered", retries, longest=longest
            )
    return clients


def _judged(block: Block, name: str, setting: Setting, floor: float, target: float | None) -> list[Row]:
    """A row of time and a row of 429s; what a client lost leaves it without a time."""
    runs, wanted = block.runs[name], setting.work.removals
    lost = max(wanted - run.seen["effects"] for run in runs)
    took = median(run.took for run in runs)
    limited = median(run.seen["limited"] for run in runs) * 1000 / wanted
    what = f"{wanted:,} removals, {NAMES[setting.model]}: {name}"
    notes = [block.doubt_of(name)]
    if lost:
        stopped = any(run.client.get("stopped") for run in runs)
        notes.append(
            f"{lost} not done when stopped at {LONGEST:g} × the minimum" if stopped else f"lost {lost}"
        )
    note = "; ".join(filter(None, notes))
    ours = target is not None
    return [
        Row(3, what, f"{took:,.0f} s", f"{floor:,.0f} s", None if lost else took / floor,
            f"≤ {target}" if ours else "", note),
        Row(4, what, f"{limited:,.1f} per 1,000", "0", limited, "≤ 2" if ours else "", note),
    ]  # fmt: skip


def _wrong_limit(setting: Setting) -> list[Row]:
    """The declared limit is twice too high: what the server really allows is half of it."""
    wanted = setting.work.removals
    block = interleave(_clients(setting, ("sequential",), LONGEST * 10_000), 1)
    found = []
    for name, (run,) in block.runs.items():
        limited = run.seen["limited"] * 1000 / wanted
        floor = least_seconds("token", wanted, (KICK[0], KICK[1] * 2, KICK[2]))
        lost = wanted - run.seen["effects"]
        note = "; ".join(
            filter(
                None,
                [
                    block.doubt_of(name),
                    f"lost {lost}" if lost else "",
                    f"time {run.took / floor:.3f} × the minimum",
                ],
            )
        )
        target = "≤ 25" if name == "Bawab" else ""
        found.append(Row(4, f"{wanted:,} removals, declared limit twice too high: {name}",
                         f"{limited:,.1f} per 1,000", "0", limited, target, note))  # fmt: skip
    return found
