"""How many codes an account may guess: few, and then none for a while."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

MOST_WRONG = 5
WINDOW = timedelta(minutes=15)
REMEMBERED = 10_000
"""Accounts; the one that guessed longest ago is forgotten first."""


class Guesses:
    """Counts the codes and contacts of each account that led nowhere, in this process.

    Codes cannot be guessed by numbers (192 bits); this keeps one account from filling the log.
    """

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, list[datetime]] = OrderedDict()

    def lately(self, account_id: str, now: datetime) -> int:
        """Count those within the window; from MOST_WRONG on the account must wait."""
        return len(self._lately(account_id, now))

    def count(self, account_id: str, now: datetime) -> None:
        """Remember one more."""
        self._wrong[account_id] = [*self._lately(account_id, now), now]
        self._wrong.move_to_end(account_id)
        if len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)

    def _lately(self, account_id: str, now: datetime) -> list[datetime]:
        return [at for at in self._wrong.get(account_id, ()) if at > now - WINDOW]
