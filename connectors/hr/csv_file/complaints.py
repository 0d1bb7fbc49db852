"""Everything wrong with one file, collected so that HR can mend it in one go."""

from __future__ import annotations

import math
from typing import NoReturn

from connectors.errors import BadFeed, Complaint

CAP = 200


class CellProblem(Exception):
    """One cell that cannot be understood; whoever knows the place makes a complaint of it."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


class Complaints:
    """Collects up to `CAP` complaints about one file and counts the rest."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._kept: list[Complaint] = []
        self._count = 0
        self.first_column = 0
        """How many empty columns stand before the table; added to every column from then on."""

    def __bool__(self) -> bool:
        return self._count > 0

    def add(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self._count += 1
        if column is not None:
            column += self.first_column
        if len(self._kept) < CAP:
            self._kept.append(Complaint(code, message, self._file, line, column, remedy))

    def cell(self, problem: CellProblem, line: int, column: int) -> None:
        self.add(problem.code, str(problem), problem.remedy, line=line, column=column)

    def refuse(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> NoReturn:
        """Add what makes further reading pointless, and raise BadFeed with everything so far."""
        self.add(code, message, remedy, line=line, column=column)
        raise self.bad_feed()

    def raise_if_any(self) -> None:
        if self:
            raise self.bad_feed()

    def bad_feed(self) -> BadFeed:
        kept = tuple(sorted(self._kept, key=_place))
        rest = self._count - len(self._kept)
        if not rest:
            return BadFeed(kept)
        more = Complaint(
            "more", f"{rest} more complaints are not listed.", self._file, remedy="Mend these first."
        )
        return BadFeed((*kept, more))


def _place(complaint: Complaint) -> tuple[int, float]:
    """Put what concerns the file first, and what concerns a whole line behind its cells."""
    return complaint.line or 0, complaint.column or math.inf
