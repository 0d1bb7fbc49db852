"""The ids of the last events, so that one sent again does nothing again."""

from __future__ import annotations

from collections import OrderedDict

MOST = 10_000
"""Slack sends an event again within about five minutes; even 30,000 an hour are 2,500 in that time."""


class Seen:
    """Remembers the last events of this process; taken twice after a restart, one does no harm."""

    def __init__(self, most: int = MOST) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def first(self, event_id: str) -> bool:
        """Remember an id, and say whether it is new; an event without one always is."""
        if not event_id:
            return True
        if event_id in self._ids:
            return False
        self._ids[event_id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True

    def forget(self, event_id: str) -> None:
        """Let an event that failed come again."""
        self._ids.pop(event_id, None)
