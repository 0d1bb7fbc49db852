"""Who a sentence is for: their language, and the time zone moments are shown in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.locale import Translator


class Reads(Protocol):
    """All a sentence needs to know of its reader; the command line's desk is one, too."""

    @property
    def t(self) -> Translator:
        """The reader's language."""

    def moment(self, instant: datetime | None, zone: str | None = None) -> str:
        """Write an instant in a zone (the reader's where none is given); empty for None."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A person at any screen."""

    t: Translator
    zone: str = "UTC"

    def moment(self, instant: datetime | None, zone: str | None = None) -> str:
        """Write an instant in a zone (the reader's where none is given); empty for None."""
        return self.t.date_time(instant, zone or self.zone) if instant else ""
