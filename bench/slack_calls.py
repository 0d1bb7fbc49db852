"""Goal 5: every call Bawab makes, discovery and read-back included, over the fewest that are possible."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.clients import Setting
from bench.runs import Said, start, stub
from bench.table import Row
from bench.work import Work

WHOLE = "bench.bawab_whole"
MOST_A_PAGE = 999
"""Slack gives up to so many channels, or members, a page."""
ONCE, ONCE_SAID = 2, "auth.test, usergroups.list"
"""Whose the token is and what it may, and the user groups with their members: once, for however many people.

Not in the floor, though made: `users.list`, which tells after each of HR's files who is who.
"""


def rows(*, quick: bool = False) -> list[Row]:
    """Count, without limits and in real time; through the real planner."""
    one, layoff = Work(1, 200, 200), Work(10 if quick else 50, 20, 100)
    found: list[Row] = []
    with stub("slack") as server:
        for name, work in ((f"one leaver × {one.each}", one), (f"layoff {layoff.leavers} × 20", layoff)):
            leave, nightly = _counted(Setting(server, work, model="none", speed=1.0))
            found.append(_leaving(name, work, leave))
            if work is layoff:
                found.append(_comparing(work, nightly))
    return found


def _counted(setting: Setting) -> tuple[Said, Said]:
    """Give what the stub saw of the leaving, and of the comparison of everybody at night."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        setting.reset()
        start(WHOLE, setting.told(folder), folder, "enrol").end()
        setting.stub.steer("mark")
        start(WHOLE, setting.told(folder), folder, "leave").end()
        leave = setting.stub.steer("report")
        setting.stub.steer("mark")
        start(WHOLE, setting.told(folder), folder, "nightly").end()
        return leave, setting.stub.steer("report")


def _pages(items: int) -> int:
    return -(-items // MOST_A_PAGE)


def _leaving(name: str, work: Work, seen: Said) -> Row:
    inside = work.each + work.stay
    fewest = ONCE + work.leavers * (_pages(inside) + work.each + 1)
    said = f"{ONCE_SAID}, and for each: one listing, {work.each} kicks, one listing again"
    return _row(name, seen, fewest, said, done=work.removals)


def _comparing(work: Work, seen: Said) -> Row:
    groups = work.groups + work.stay
    by_group, by_person = 1 + groups, work.leavers
    fewest = ONCE + min(by_group, by_person)
    said = f"{ONCE_SAID}, and one listing for each" + (" person" if by_person < by_group else " channel")
    return _row(f"nightly, {work.leavers} people who must be out of {groups} channels", seen, fewest, said)


def _row(what: str, seen: Said, fewest: int, fewest_said: str, done: int | None = None) -> Row:
    calls = sum(seen["requests"].values())
    made = ", ".join(f"{count} {method}" for method, count in sorted(seen["requests"].items()))
    lost = f"{done - seen['effects']} not done; " if done is not None and seen["effects"] < done else ""
    return Row(5, f"Slack, {what}: Bawab", f"{calls:,} calls", f"{fewest:,} ({fewest_said})", calls / fewest,
               "≤ 1.02", lost + made)  # fmt: skip
