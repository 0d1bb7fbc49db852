"""Writes docs/bench.md: the table with command, date and machine; never a host's name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.simulation import as_markdown as simulated
from bench.table import Row, as_markdown

PLACE = Path(__file__).resolve().parent.parent / "docs" / "bench.md"
HOW = Path(__file__).with_name("how.md")


def machine() -> str:
    """Describe the machine by what matters to the numbers."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}; load average at the end {load:.1f}"
    )


def write(rows: Sequence[Row], missing: Sequence[str], *, quick: bool) -> None:
    """Replace docs/bench.md."""
    measured = [
        "## The last run",
        "",
        f"`python -m bench {' '.join(sys.argv[1:])}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}."
        + (" A quick run: smaller work, one round." if quick else ""),
        "",
        as_markdown(rows),
        "",
        *[f"- Not measured: {line}" for line in missing],
    ]
    text = [HOW.read_text(encoding="utf-8").rstrip(), "", *measured, "", simulated(), ""]
    PLACE.write_text("\n".join(text), encoding="utf-8")
