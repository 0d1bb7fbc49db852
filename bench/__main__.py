"""`python -m bench [--quick] [--write] [goal …]`: measures, and prints one table of ratios.

Every module below gives its rows; one that is missing, or that fails, is said and not hidden.
`--write` puts the table into docs/bench.md with command, date and machine.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import inspect
import sys
import time
import traceback
from collections.abc import Sequence

from bench.report import write
from bench.table import Row, as_text

MODULES: dict[str, tuple[int, ...]] = {
    "slack_urgent": (1,),
    "slack_faults": (2, 8),
    "slack_limits": (3, 4),
    "pacing": (3, 4),
    "slack_calls": (5,),
    "slack_lockout": (6,),
    "telegram": (7,),
    "graph": (2, 7, 9),
    "cost": (9,),
    "startup": (10,),
    "hr": (11,),
    "audit_log": (12,),
    "audit_search": (12,),
    "events": (13,),
    "workers": (14,),
}
"""Module of this folder → the goals it has rows for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 0 where every goal measured is met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("goals", nargs="*", type=int, help="numbers of goals; none: all")
    parser.add_argument("--quick", action="store_true", help="a small selection, within three minutes")
    parser.add_argument("--write", action="store_true", help="write docs/bench.md")
    said = parser.parse_args(arguments)
    wanted = [name for name, goals in MODULES.items() if not said.goals or set(goals) & set(said.goals)]
    found: list[Row] = []
    missing: list[str] = []
    for name in wanted:
        rows, why = _rows(name, quick=said.quick)
        found += [row for row in rows if not said.goals or row.goal in said.goals]
        missing += [f"{name}: {why}"] if why else []
    _say(as_text(found))
    for line in missing:
        _say(f"NOT MEASURED  {line}")
    if said.write:
        write(found, missing, quick=said.quick)
    return int(any(row.met is False for row in found) or bool(missing))


def _rows(name: str, *, quick: bool) -> tuple[list[Row], str]:
    """Give a module's rows, or why there are none."""
    if importlib.util.find_spec(f"bench.{name}") is None:
        return [], "the module does not exist"
    module = importlib.import_module(f"bench.{name}")
    measure = getattr(module, "rows", None)
    if measure is None:
        return [], "it has no rows()"
    began = time.monotonic()
    try:
        takes = "quick" in inspect.signature(measure).parameters
        measured = measure(quick=quick) if takes else measure()
        found = list(asyncio.run(measured) if inspect.iscoroutine(measured) else measured)
    except Exception as error:  # noqa: BLE001 - one bench that fails must not hide the others
        traceback.print_exc()
        return [], f"it failed: {type(error).__name__}: {error}"
    _say(f"… {name}: {len(found)} rows in {time.monotonic() - began:.0f} s")
    return found, ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
