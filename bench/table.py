"""One line of the bench's table, and the table as a terminal and as Markdown show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("goal", "what", "value", "floor", "ratio", "target", "", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement beside the least that was possible in the same run."""

    goal: int
    """Number of the goal in the issue."""
    what: str
    """What was measured, of whom: "2,000 removals, token bucket: Bawab"."""
    value: str
    """As measured, with its unit: "41.2 s"."""
    floor: str
    """What the limit or the bare machine allows, measured beside, with its unit."""
    ratio: float | None
    """Value over floor (or a count, where the goal is a count); None where no number came out."""
    target: str = ""
    """The goal, as "≤ 1.05" or "≥ 0.9"; empty for a peer's row, which is there to compare with."""
    note: str = ""
    """What a reader must know: INVALID and why, what prevents the goal, what was not measured."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing valid was measured."""
        if self.ratio is None or not self.target or self.note.startswith("INVALID"):
            return None
        relation, bound = self.target.split()
        return self.ratio <= float(bound) if relation == "≤" else self.ratio >= float(bound)

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's cells, in the order of `HEAD`."""
        ratio = "–" if self.ratio is None else _short(self.ratio)
        verdict = {True: "met", False: "NOT MET", None: ""}[self.met]
        return (str(self.goal), self.what, self.value, self.floor, ratio, self.target, verdict, self.note)


def as_text(rows: Sequence[Row]) -> str:
    """Show the table in columns, for a terminal."""
    lines = [HEAD, *(row.cells for row in _sorted(rows))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD) - 1)]
    return "\n".join(_line(line, widths) for line in lines)


def as_markdown(rows: Sequence[Row]) -> str:
    """Show the table as Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells for row in _sorted(rows))]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _short(number: float) -> str:
    return f"{number:,.3g}" if number < 100 else f"{number:,.0f}"


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """By goal; within one, in the order measured."""
    return sorted(rows, key=lambda row: row.goal)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
    return "  ".join([*padded, cells[-1]]).rstrip()
