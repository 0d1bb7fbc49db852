"""Reports which checks run for which connector, and why the others do not: `python -m tests.contract`."""

import sys

from tests.connectors.manual.harness import ManualHarness
from tests.contract.checks import CHECKS
from tests.contract.slack.harness import SlackHarness
from tests.contract.stage import Harness
from tests.contract.suite import Requirement, unmet
from tests.contract.teams.harness import TeamsHarness
from tests.contract.telegram.harness import TelegramHarness
from tests.contract.toy.harness import ToyHarness

HARNESSES: tuple[Harness, ...] = (
    SlackHarness(),
    TelegramHarness(),
    TeamsHarness(),
    ManualHarness(),
    ToyHarness(),
)
WIDTH = max(len(harness.name) for harness in HARNESSES) + 1


def report() -> list[str]:
    """Give one line per check and connector, then the sums."""
    lines, ran = [], dict.fromkeys((harness.name for harness in HARNESSES), 0)
    for check in CHECKS:
        for harness in HARNESSES:
            missing = unmet(check, harness)
            ran[harness.name] += not missing
            said = "runs" if not missing else "left out: needs " + ", ".join(map(_named, missing))
            lines.append(f"{harness.name:{WIDTH}}{check.name}: {said}")
    return [*lines, *(f"{name}: {count} of {len(CHECKS)} checks run" for name, count in ran.items())]


def _named(need: Requirement) -> str:
    return f"{need[0]} at {need[1]}" if isinstance(need, tuple) else need.value


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
