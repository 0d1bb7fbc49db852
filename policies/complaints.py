"""What is wrong with a file that a person wrote: each complaint at its place, all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyComplaint:
    """One thing wrong with a policy or registry file; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""
    """What to do, such as `did you mean 'groups'?`; empty where nothing is near."""

    def __str__(self) -> str:
        """Give `file:line:column: message; suggestion`, the form editors and people jump from."""
        tail = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class PolicyError(ValueError):
    """A file that cannot be used; `complaints` holds everything wrong with it, in reading order."""

    def __init__(self, complaints: Iterable[PolicyComplaint]) -> None:
        ordered = sorted(set(complaints), key=lambda one: (one.file, one.line, one.column, one.message))
        self.complaints: tuple[PolicyComplaint, ...] = tuple(ordered)
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or nothing where none is near."""
    table = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.strip().casefold(), table, n=1, cutoff=0.6)
    return f"did you mean {table[near[0]]!r}?" if near else ""
