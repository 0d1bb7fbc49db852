"""Who was just seen as a plain member: spares the look before an act, for a while and once."""

from __future__ import annotations

import time
from collections.abc import Callable

KEPT_SECONDS = 300.0
"""How long a sight of the planning still counts when the act follows; later the platform is asked anew."""


class Sights:
    """Plain members as a listing saw them; each sight is used once, so that a second try looks again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, str]] = {}

    def saw(self, group_id: str, account_id: str, status: str) -> None:
        """Remember somebody who is a member, no admin and no bot."""
        self._seen[group_id, account_id] = (self._clock(), status)

    def take(self, group_id: str, account_id: str) -> str | None:
        """Give the status that was seen, where it is fresh, and forget it."""
        seen = self._seen.pop((group_id, account_id), None)
        if seen is None or self._clock() - seen[0] > KEPT_SECONDS:
            return None
        return seen[1]

    def forget(self, group_id: str, account_id: str) -> None:
        """Look again before the next act."""
        self._seen.pop((group_id, account_id), None)

    def tidy(self) -> None:
        """Drop what is too old to be used."""
        oldest = self._clock() - KEPT_SECONDS
        self._seen = {key: seen for key, seen in self._seen.items() if seen[0] > oldest}
