"""Goal 6: how long until a thousand leavers are shut out of Slack, by the best call each plan offers."""

from __future__ import annotations

from bench.clients import Setting, bawab
from bench.runs import StubProcess, interleave, stub
from bench.stubs.limiters import least_seconds
from bench.stubs.slack import TIERS
from bench.table import Row
from bench.work import ADMIN_TOKEN, BOT_TOKEN, Work

BULK, SPEED = 1000, 8.0
"""Accounts one admin.users.session.resetBulk takes."""
ACTS = {"deactivate": "account closed by SCIM", "end_sessions": "sessions ended (best call: resetBulk)"}


def rows(*, quick: bool = False) -> list[Row]:
    """Measure the lane alone: acts on accounts, stored as planning would; quick: 100 leavers, SCIM only."""
    work = Work(100 if quick else 1000, 1, 10)
    with stub("slack") as server:
        return [_row(server, work, act) for act in ACTS if not quick or act == "deactivate"]


def _row(server: StubProcess, work: Work, act: str) -> Row:
    job = {"tokens": {"bot": BOT_TOKEN, "admin": ADMIN_TOKEN}, "account_acts": [act], "only_account": True}
    setting = Setting(server, work, speed=SPEED, job=job)
    block = interleave({"Bawab": lambda: bawab(setting)}, 1)
    (run,) = block.runs["Bawab"]
    lost = work.leavers - run.seen["effects"]
    made = ", ".join(f"{count} {method}" for method, count in sorted(run.seen["requests"].items()))
    note = "; ".join(filter(None, [block.doubt_of("Bawab"), f"{lost} not shut out" if lost else "", made]))
    took, least = max(run.took, 1.0), max(_floor(work, act), 1.0)
    ratio = None if lost else took / least
    what = f"Slack, {work.leavers:,} leavers, {ACTS[act]}: Bawab"
    return Row(6, what, f"{took:,.0f} s", f"{least:,.0f} s", ratio, "≤ 1.05", note)


def _floor(work: Work, act: str) -> float:
    """Give the least time of the best call; a second where one call does it."""
    if act == "deactivate":
        return least_seconds("token", work.leavers, TIERS["scim"])
    return least_seconds("token", -(-work.leavers // BULK), TIERS["t2"])
