"""The pacing's figures in virtual time. Run: `python -m bench.pacing`.

Slack's kick limit, 50 a minute, as three kinds of server would hold it, published rightly, twice too high and
half too low. The minimum is what the limit itself allows from a full bucket or a fresh window.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bench.pacing_simulation import Line, Run, remove, server
from bench.stubs.limiters import MODELS, least_seconds
from bench.table import Row, as_text
from connectors.pacing.meter import Meter

CALLS, SECONDS, BURST = 50, 60.0, 10
REMOVALS = (200, 2000, 10_000)
DECLARED = {"published rightly": 1.0, "published twice too high": 2.0, "published half too low": 0.5}
_NEVER_FASTER = "never faster than published, so twice the minimum is the least"
_MINIMUM = "of a limit that is not the published one; no goal"


def rows() -> list[Row]:
    """Give every case as rows: time over minimum, refusals per 1,000, and calls made while refused."""
    cases = product(REMOVALS, MODELS, DECLARED)
    return [row for removals, model, declared in cases for row in _case(removals, model, declared)]


def run(removals: int, model: str, factor: float) -> tuple[Run, float]:
    """Simulate one case; gives what came of it and the least seconds possible."""
    line = Line()
    meter = Meter(SECONDS / (CALLS * factor), int(CALLS * factor))
    came = remove(removals, meter, server(model, CALLS, SECONDS, BURST), line)
    return came, least_seconds(model, removals, (CALLS, SECONDS, BURST)) + 2 * line.seconds


def _case(removals: int, model: str, declared: str) -> Iterator[Row]:
    came, least = run(removals, model, DECLARED[declared])
    what = f"{removals:,} removals, {model}, {declared}"
    right, high = declared == "published rightly", declared == "published twice too high"
    target = ("≤ 1.25" if removals < 2000 else "≤ 1.05") if right else ""
    note = "" if right else _MINIMUM if high else _NEVER_FASTER
    yield Row(3, what, f"{came.ended:,.0f} s virtual", f"{least:,.0f} s", came.ended / least, target, note)
    refusals = 1000 * came.refused / removals
    target, note = ("≤ 25" if high else "≤ 2"), ""
    if removals < 2000:
        target, note = "", "the one refusal that teaches how the server counts is spread over few"
    yield Row(4, f"{what}: 429s per 1,000", f"{came.refused}", "0", refusals, target, note)
    early = came.during_refusal
    yield Row(4, f"{what}: calls made while refused", f"{early}", "0", early, "≤ 0")


if __name__ == "__main__":
    print(as_text(rows()))  # noqa: T201 - a command's output
