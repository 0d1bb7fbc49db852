"""Runs a client with hastened clocks: `python -m bench.hastened MODULE JOB [ARGUMENTS…]`.

The module's `main(job, *arguments)` gives what it has to say as JSON values; they are printed with what the
process used: seconds of processor time from start of `main` to its end, its peak resident memory, and when
(by its own, hastened clock) it began.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

from bench.clock import hasten

EXTRAS = Path(sys.prefix) / "bench"
"""Where `make bench` puts what the peers need and Bawab does not (bench/requirements.txt)."""


def _peak_mb() -> float:
    """The process's own peak: what getrusage says would include its parent's at the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


def _run(module: str, path: str, arguments: list[str]) -> dict[str, object]:
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.path.append(str(EXTRAS))
    hasten(job["speed"], job["epoch"])
    main = importlib.import_module(module).main
    began = time.time()
    wall, cpu = time.monotonic(), time.process_time()
    said = main(job, *arguments)
    used = {
        "began": began,
        "cpu": time.process_time() - cpu,
        "seconds": (time.monotonic() - wall) / job["speed"],
    }
    return {**used, "peak_mb": _peak_mb(), **(said or {})}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run(sys.argv[1], sys.argv[2], sys.argv[3:])) + "\n")
