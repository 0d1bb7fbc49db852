"""Goals 2 and 8: what is lost, doubled or asked for while Slack is down for a minute or Bawab is killed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from bench.clients import SIDE, Setting, bawab, peer, wait_for_effects
from bench.runs import Client, Run, interleave, start, stub
from bench.stubs.limiters import least_seconds
from bench.stubs.slack import TIERS
from bench.table import Row
from bench.work import SEED, Work
from bot.states import STEP_SUCCESS

KICK = TIERS["t3"]
DOWN = 60.0
FAULTS = {
    "unavailable": "60 s of 503",
    "dropped": "60 s of dropped connections (every second call has its effect)",
    "silent": "60 s of silence (every second call has its effect)",
}
IN_FLIGHT = 20
"""The most steps one group of the Slack lane has under way."""
SCRIPT = "slack_sdk sequential, 5 retries"
GATHERED = "AsyncWebClient gathered, 5 retries"
Clients = dict[str, Callable[[], Run]]


def rows(*, quick: bool = False) -> list[Row]:
    """Measure; quick: 100 removals, 503 and kill -9 only."""
    work = Work(5, 20, 100) if quick else Work(25, 20, 200)
    found: list[Row] = []
    with stub("slack") as server:
        setting = Setting(server, work)
        for kind in ("unavailable",) if quick else FAULTS:
            found += _outage(setting, kind, quick=quick)
        if not quick:
            found += _limited(setting.at(model="penalty", slower=2.0))
        found += _killed(setting, kills=2 if quick else 8)
    return found


def _outage(setting: Setting, kind: str, *, quick: bool) -> list[Row]:
    clients: Clients = {"Bawab": lambda: bawab(setting, lambda client, _: _break(setting, kind, client))}
    clients[SCRIPT] = lambda: _script(setting, kind, "slack_sequential", "5")
    if not quick:
        clients[GATHERED] = lambda: _script(setting, kind, "slack_gathered", "5")
    block = interleave(clients, 1)
    found = []
    for name, (run,) in block.runs.items():
        what = f"{setting.work.removals} removals, {FAULTS[kind]}: {name}"
        found.append(_lost(what, run, setting, block.doubt_of(name), ours=name == "Bawab"))
        if name == "Bawab":
            found += _recovery(what, run, setting, block.doubt_of(name))
    return found


def _break(setting: Setting, kind: str, client: Client) -> Client:
    wait_for_effects(setting.stub, setting.work.removals // 3)
    setting.stub.steer("fault", kind=kind, seconds=DOWN, **{"in": 0.0})
    return client


def _script(setting: Setting, kind: str, name: str, retries: str) -> Run:
    def disturb(client: Client) -> None:
        _break(setting, kind, client)

    return peer(setting, name, retries, longest=3000.0, during=disturb)


def _lost(what: str, run: Run, setting: Setting, doubt: str, *, ours: bool) -> Row:
    """Lost: not ended at the stub. Unaccounted: ended or not, the client does not know it as done."""
    lost = setting.work.removals - run.seen["effects"]
    unaccounted = _open(run) if ours else run.client["errors"]
    said = [
        doubt,
        f"{unaccounted} unaccounted",
        f"{run.seen['repeated']} repeated",
        f"{run.seen['limited']} × 429",
    ]
    if run.client.get("stopped"):
        said.append("stopped before its end")
    worst = max(lost, unaccounted)
    target = "≤ 0" if ours else ""
    return Row(2, what, f"{lost} lost", "0", float(worst), target, "; ".join(filter(None, said)))


def _open(run: Run) -> int:
    """How many steps are no success yet."""
    return sum(count for state, count in run.client["states"].items() if state not in STEP_SUCCESS)


def _recovery(what: str, run: Run, setting: Setting, doubt: str) -> list[Row]:
    down, after = run.seen["while_down"], run.seen["first_after"]
    again = after - run.seen["down_until"] if after is not None else None
    floor = least_seconds(setting.model, setting.work.removals, KICK) + DOWN
    repeated = run.seen["repeated"]
    return [
        Row(2, f"{what}: repeated", f"{repeated} calls", "0", float(repeated), f"≤ {IN_FLIGHT}", doubt),
        Row(8, f"{what}: requests while down", f"{down}", "0", float(down), "≤ 10", doubt),
        Row(8, f"{what}: first success after", "never" if again is None else f"{again:.1f} s", "0 s", again,
            "≤ 10", doubt),
        Row(8, f"{what}: whole time", f"{run.took:.0f} s", f"{floor:.0f} s", run.took / floor,
            "≤ 1.05", doubt),
    ]  # fmt: skip


def _limited(setting: Setting) -> list[Row]:
    """The limit is half of what is declared, and asking while refused prolongs the refusal."""
    block = interleave({"Bawab": lambda: bawab(setting)}, 1)
    what = f"{setting.work.removals} removals, penalty at half the declared limit: Bawab"
    return [_lost(what, block.runs["Bawab"][0], setting, block.doubt_of("Bawab"), ours=True)]


def _killed(setting: Setting, kills: int) -> list[Row]:
    def during(client: Client, folder: Path) -> Client:
        chance = random.Random(SEED)  # noqa: S311 - which instants, no secret
        for number in range(kills):
            wait_for_effects(setting.stub, setting.work.removals * (number + 1) // (kills + 2))
            time.sleep(chance.random() * 0.1)
            client.kill()
            client = start(SIDE, setting.told(folder), folder, "drain")
        return client

    block = interleave({"Bawab": lambda: bawab(setting, during)}, 1)
    run, doubt = block.runs["Bawab"][0], block.doubt_of("Bawab")
    what = f"{setting.work.removals} removals, {kills} × kill -9: Bawab"
    repeated = run.seen["repeated"]
    return [
        _lost(what, run, setting, doubt, ours=True),
        Row(2, f"{what}: repeated", f"{repeated} calls", "0", float(repeated), f"≤ {IN_FLIGHT * kills}",
            "; ".join(filter(None, [doubt, f"{IN_FLIGHT} may be in flight at each kill"]))),
    ]  # fmt: skip
