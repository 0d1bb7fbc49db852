"""What a verification found, in words and in codes, with no more than a hundred kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.audit.head import Head

MOST_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: at which entry (None: at none), a code for machines, the words for people."""

    seq: int | None
    at: str | None
    action: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found."""

    entries: int
    """Entries read."""
    problems: int
    """All of them; `findings` keeps the first hundred."""
    findings: tuple[Problem, ...]
    head: Head | None
    """What the head file says; None if it is missing or unreadable."""
    checkpoints: int
    """Genuine signed heads the chain was held against: head file, witness file and database."""
    fingerprint: str
    """Of the public key the signatures were checked with."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problems == 0


class Findings:
    """Collects problems, with bounded memory."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(
        self, code: str, message: str, row: Mapping[str, Any] | None = None, *, seq: int | None = None
    ) -> None:
        """Add a problem: of an entry, named by its row, or only by its number where the row is gone."""
        self.count += 1
        if len(self.kept) >= MOST_KEPT:
            return
        if row is None:
            self.kept.append(Problem(seq, None, None, code, message))
        else:
            self.kept.append(Problem(row["seq"], shown(row["at"]), shown(row["action"]), code, message))


def named(row: Mapping[str, Any]) -> str:
    """Name an entry in words: `entry 5 (2026-11-21T18:00:00.000000Z, case.open)`."""
    return f"entry {row['seq']} ({shown(row['at'])}, {shown(row['action'])})"


def shown(value: object) -> str:
    """Make a column's text fit to print, whatever was done to it."""
    return str(value).encode("utf-8", "replace").decode()
