"""Why a name cannot be put to a hold: a stable key with its facts, beside the English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class CannotRelease(Exception):
    """The release is refused: nothing is found, it was decided before, or this person may not."""

    def __init__(self, message: str, code: str = "moved_meanwhile", **facts: str | int | datetime) -> None:
        super().__init__(message)
        self.code = code
        """A key of `bot.acts.refusals.SENTENCES`; `facts` fill its places."""
        self.facts = facts


class StillUndecided(CannotRelease):
    """What kept the cases of a hold undecided is not mended; `reasons` gives each with its count of cases."""

    def __init__(self, reasons: Mapping[str, int], cases: int) -> None:
        named = ", ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
        missing = sum(reasons.values())
        super().__init__(
            f"{missing} of {cases} still cannot be decided: mend the cause first: {named}. For time zones "
            "set BAWAB_TIME_ZONE or correct HR's column; for a missing rule see `bawab policy check`",
            "undecided",
            why=named,
        )
        self.reasons = dict(reasons)
