"""Goal 10: what `bawab --help` and `bawab status` take to start, beside what they stand on, in turn."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.table import Row, as_text

ROOT = Path(__file__).parents[1]
ROUNDS = 15
BAWAB = ("-m", "bot.surfaces.cli.main")
RUNS: Mapping[str, tuple[str, ...]] = {
    "typer": ("-c", "import typer"),
    "help": (*BAWAB, "--help"),
    "status": (*BAWAB, "status"),
    "sqlalchemy": ("-c", "import sqlalchemy"),
    "sqlmodel": ("-c", "import sqlmodel"),
    "settings": ("-c", "import pydantic_settings"),
}
"""What is started, each as a process of its own."""
WHAT: Mapping[str, tuple[str, str]] = {
    "help": ("bawab --help", "≤ 1.5"),
    "status": ("bawab status, an installation without cases", "≤ 2"),
    "sqlalchemy": ("import sqlalchemy, which reads the database", ""),
    "sqlmodel": ("import sqlmodel, which names its tables", ""),
    "settings": ("import pydantic_settings, which reads the settings", ""),
}


def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Start each in turn, `rounds` times; gives the processor seconds of each, user and system."""
    found: dict[str, list[float]] = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        _spent(RUNS["status"], folder)  # makes the database and the compiled modules: no start is the first
        for _ in range(rounds):
            for name, words in RUNS.items():
                found[name].append(_spent(words, folder))
    return found


def _spent(words: Sequence[str], folder: str) -> float:
    settings = {"PYTHONPATH": str(ROOT), "BAWAB_DATA_DIR": f"{folder}/data", "PATH": os.environ["PATH"]}
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
    why = f"loading SQLAlchemy or the settings alone takes {least / floor:.1f}" if least / floor > 2 else ""
    return [
        Row(
            10,
            what,
            f"{spent[name] * 1000:.0f} ms",
            f"{floor * 1000:.0f} ms, import typer",
            spent[name] / floor,
            target,
            why if name == "status" else "",
        )
        for name, (what, target) in WHAT.items()
    ]


if __name__ == "__main__":
    sys.stdout.write(as_text(rows(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)) + "\n")
