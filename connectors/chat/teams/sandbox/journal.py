"""The journal of requests: what came, by whom, what it did and what was answered; secrets never."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LOGIN = "POST /{tenant}/oauth2/v2.0/token"
BATCH = "POST /$batch"


@dataclass(slots=True)
class JournalEntry:
    """One request as it arrived; the parts of a batch are entries of their own, after the batch's."""

    method: str
    template: str
    """The path with `{names}` for values; the path itself where nothing is served there."""
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    write: bool = False
    by: str = "?"
    """The app's client id."""
    part_of: int | None = None
    """Where in the journal the batch stands that carried it."""
    status: int = 0
    effect: str = "none"
    answer: str = ""
    """`ok`, the error's code, or the fault that spoilt the answer."""

    @property
    def name(self) -> str:
        """Give `METHOD /template`."""
        return f"{self.method} {self.template}"
