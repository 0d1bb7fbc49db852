"""Goal 10: what `bawab --help` and `bawab status` take to start, beside what they stand on, in turn."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.table import Row, as_text
from bot.app import open_bawab, utc_now
from bot.settings import Settings
from bot.store.query import add
from bot.store.tables import CaseRow, FeedRow, HoldRow, LaneRow

ROOT = Path(__file__).parents[1]
ROUNDS = 15
BAWAB = ("-m", "bot.surfaces.cli.main")
RUNS: Mapping[str, tuple[str, ...]] = {
    "typer": ("-c", "import typer"),
    "help": (*BAWAB, "--help"),
    "status": (*BAWAB, "status"),
    "at_work": (*BAWAB, "status"),
    "sqlalchemy": ("-c", "import sqlalchemy"),
    "sqlmodel": ("-c", "import sqlmodel"),
    "settings": ("-c", "import pydantic_settings"),
}
"""What is started, each as a process of its own."""
WHAT: Mapping[str, tuple[str, str]] = {
    "help": ("bawab --help", "≤ 1.5"),
    "status": ("bawab status, an installation without cases", "≤ 2"),
    "at_work": ("bawab status, a case overdue, one next, a hold, a feed, a platform down", "≤ 2"),
    "sqlalchemy": ("import sqlalchemy, which reads the database", ""),
    "sqlmodel": ("import sqlmodel, which names its tables", ""),
    "settings": ("import pydantic_settings, which reads the settings", ""),
}


def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Start each in turn, `rounds` times; gives the processor seconds of each, user and system."""
    found: dict[str, list[float]] = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_put_to_work(Path(folder, "at_work")))
        for name in (
            "status",
            "at_work",
        ):  # makes the database and the compiled modules: no start is the first
            _spent(RUNS[name], folder, name)
        for _ in range(rounds):
            for name, words in RUNS.items():
                found[name].append(_spent(words, folder, name))
    return found


async def _put_to_work(data: Path) -> None:
    """Make an installation that has something to say in every part of its status."""
    now = utc_now()
    day = timedelta(days=1)
    lane = LaneRow(instance="acme", platform="slack", state="waiting", reason="no answer", since=now)
    hold = HoldRow(digest="0" * 64, kind="run_threshold", cause={"people": 3}, count=3, created_at=now)
    feed = FeedRow(
        id="feed_1",
        source="hr",
        name="a.csv",
        sha256="",
        size=1,
        modified=now,
        received_at=now,
        state="accepted",
    )
    cases = [
        CaseRow(
            id=f"case_{due.day}",
            event_key=due.isoformat(),
            person_id="E1",
            kind="leaver",
            exit_type="unstated",
            event={"person": {"name": "Ana Quispe"}},
            state="scheduled",
            due=due,
            zone="Asia/Riyadh",
            created_at=now,
            updated_at=now,
        )
        for due in (now - day, now + day)
    ]
    async with (
        open_bawab(Settings(_env_file=None, data_dir=data), connect=False) as app,
        app.store.write() as tx,
    ):
        for rows_ in ([lane], [hold], [feed], cases):
            await add(tx, *rows_)


def _spent(words: Sequence[str], folder: str, name: str) -> float:
    data = f"{folder}/{'at_work' if name == 'at_work' else 'data'}"
    settings = {"PYTHONPATH": str(ROOT), "BAWAB_DATA_DIR": data, "PATH": os.environ["PATH"]}
    child = subprocess.Popen([sys.executable, *words], env=settings, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def rows(rounds: int = ROUNDS) -> list[Row]:
    """Give the table's lines: each start over `python -c "import typer"`, medians of one run."""
    spent = {name: median(times) for name, times in measure(rounds).items()}
    floor = spent["typer"]
    least = max(spent["sqlalchemy"], spent["settings"])
    why = (
        "where nothing has changed since a full reading found all well; SQLite; "
        f"SQLAlchemy or the settings, not loaded, alone take {least / floor:.1f}"
    )
    return [
        Row(
            10,
            what,
            f"{spent[name] * 1000:.0f} ms",
            f"{floor * 1000:.0f} ms, import typer",
            spent[name] / floor,
            target,
            why if name in ("status", "at_work") else "",
        )
        for name, (what, target) in WHAT.items()
    ]


if __name__ == "__main__":
    sys.stdout.write(as_text(rows(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)) + "\n")
