"""Measures HR snapshots beside counting newlines and csv.DictReader: `python -m bench.hr [ROWS]`.

Each measurement runs in a process of its own and says its processor seconds (start-up apart) and its peak
of resident memory (Python and every import included); the quick ones take turns, the best of each counts.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.table import Row, as_text

ROWS = 1_000_000
ROUNDS = 3
HEADER = "employee_id,name,status,email,phone,department,team,location,manager_id,last_day,time_zone"
NAMES = ("Ana Quispe", "أحمد الزهراني", "Bo Lind", "سارة العتيبي", "Chidi Okafor", "José da Silva")
CHANGED, MISSING = 300, 50


@dataclass(frozen=True, slots=True)
class Ran:
    """What one process said of itself."""

    cpu: float
    peak: float
    said: dict[str, Any]


def rows(quick: bool = False) -> list[Row]:
    """Measure goal 11; `quick` takes a tenth of the people."""
    return measure(ROWS // 10 if quick else ROWS)


def measure(count: int) -> list[Row]:
    """Deliver a company of `count`, then the next snapshot of it; compare with the least and with a peer."""
    with tempfile.TemporaryDirectory(prefix="bawab-bench-") as name:
        root = Path(name)
        people = list(company(count))
        first, calm, busy = (root / f"{what}.csv" for what in ("first", "calm", "busy"))
        write(first, people)
        write(calm, later(people, busy=False))
        write(busy, later(people, busy=True))
        del people
        put(root / "a", first, 1)
        baseline = run("delivery", root / "a")
        seconds: dict[str, list[Ran]] = {what: [] for what in ("newlines", "DictReader", "calm", "busy")}
        for _ in range(ROUNDS):
            seconds["newlines"].append(run("newlines", calm))
            seconds["DictReader"].append(run("DictReader", calm))
            for what, path in (("calm", calm), ("busy", busy)):
                seconds[what].append(second(root, path))
        best = {what: min(runs, key=lambda ran: ran.cpu) for what, runs in seconds.items()}
        return table(count, baseline, best)


def second(root: Path, path: Path) -> Ran:
    """Deliver a second snapshot to a copy of the installation that has taken the first."""
    shutil.copytree(root / "a", root / "b", copy_function=shutil.copy2)
    put(root / "b", path, 2)
    try:
        return run("delivery", root / "b")
    finally:
        shutil.rmtree(root / "b")


def table(count: int, baseline: Ran, best: dict[str, Ran]) -> list[Row]:
    """Make the rows of the bench's table."""
    lines, reader, calm, busy = (best[what] for what in ("newlines", "DictReader", "calm", "busy"))
    what = f"HR, {count:,} rows, {CHANGED} changed, {MISSING} missing"
    counting, reading = f"{lines.cpu:.2f} s counting newlines", f"{reader.cpu:.2f} s csv.DictReader"
    took = f"{calm.cpu:.2f} s"
    base = max(lines.cpu, 1e-9)
    return [
        Row(11, f"{what}: second delivery", took, counting, calm.cpu / base, "≤ 10", said(calm)),
        Row(11, f"{what}: second delivery", took, reading, calm.cpu / reader.cpu, "≤ 0.25"),
        Row(11, f"{what}: peak memory", f"{calm.peak:.0f} MB", "200 MB", calm.peak, "≤ 200", "ratio is MB"),
        Row(11, f"{what}, of them 20 leavers and 80 movers", f"{busy.cpu:.2f} s", counting, busy.cpu / base,
            note=f"opens a case each; {said(busy)}"),
        Row(11, f"HR, {count:,} rows: first delivery, all new", f"{baseline.cpu:.1f} s", counting,
            baseline.cpu / base, note=f"peak {baseline.peak:.0f} MB; {said(baseline)}"),
        Row(11, "csv.DictReader, merely reading", f"{reader.cpu:.2f} s", counting, reader.cpu / base),
    ]  # fmt: skip


def said(ran: Ran) -> str:
    """What became of a delivery, so that a fast refusal is not taken for a fast reading."""
    outcomes = ran.said.get("outcomes") or []
    return "; ".join(
        f"{one['state']}, {one['rows']} rows, {(one['changes'] or {}).get('events')}" for one in outcomes
    )


def company(count: int) -> Iterator[str]:
    """Yield the lines of a company, always the same one."""
    chance = random.Random(11)  # noqa: S311 - the same people each time
    for number in range(count):
        yield (
            f"E{1_000_000 + number},{chance.choice(NAMES)} {number},active,p{number}@example.com,"
            f"+9665{number:08},Department {number % 40},Team {number % 400},Riyadh,"
            f"E{1_000_000 + number // 10},,Asia/Riyadh"
        )


def later(people: list[str], *, busy: bool) -> Iterator[str]:
    """Yield the next snapshot: changes and gaps lie spread over the whole file."""
    step = max(1, len(people) // (CHANGED + MISSING))
    for number, line in enumerate(people):
        turn, at = divmod(number, step)
        if at != step // 2 or turn >= CHANGED + MISSING:
            yield line
        elif turn % 7 != 0:
            yield _changed(line, turn if busy else 0)


def _changed(line: str, turn: int) -> str:
    if turn % 21 == 1:
        return line.replace(",active,", ",terminated,")
    if turn % 7 in {2, 3} and turn % 2:
        return line.replace(",Department ", ",Division ")
    return line.replace("@example.com", "@example.org")


def write(path: Path, lines: Iterator[str] | list[str]) -> None:
    """Write one export."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{HEADER}\n")
        stream.writelines(f"{line}\n" for line in lines)


def put(folder: Path, path: Path, number: int) -> None:
    """Deliver a file to an installation, in place of the one before."""
    drop = folder / "hr"
    drop.mkdir(parents=True, exist_ok=True)
    for old in drop.iterdir():
        old.unlink()
    shutil.copyfile(path, drop / f"export-{number}.csv")


def run(what: str, path: Path) -> Ran:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "bench.hr_side", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)  # noqa: S603 - our own
    answer = json.loads(done.stdout.splitlines()[-1])
    return Ran(answer["cpu"], answer["rss"], answer)


if __name__ == "__main__":
    print(as_text(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))  # noqa: T201
