"""Words of a closed set, such as a status: ours and theirs; an unknown one is a complaint, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from .cells import Cell, text
from .complaints import CellProblem
from .manifest import fold, known_words


class Words:
    """Reads one kind of word: `status`, `exit_type`, `employment` or `action`; theirs count before ours.

    `remedy` says what to do about an unknown word.
    """

    def __init__(self, kind: str, remedy: str, theirs: Mapping[str, str]) -> None:
        self._kind = kind
        self._remedy = remedy
        self._known = {**known_words(kind), **{fold(word): value for word, value in theirs.items()}}

    def read(self, cell: Cell) -> str:
        """Give our value for their word, or raise CellProblem `unknown_<kind>` with the nearest one."""
        written = text(cell)
        value = self._known.get(written) or self._known.get(fold(written))
        if value is None:
            near = get_close_matches(fold(written), self._known, n=1)
            raise CellProblem(
                f"unknown_{self._kind}",
                f"{written!r} is no {self._kind.replace('_', ' ')} we know.",
                (f"Did you mean {near[0]!r}? " if near else "") + self._remedy,
            )
        return value
