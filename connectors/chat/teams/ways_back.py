"""Ways back into groups: Graph knows none that an app could close, so open groups are said as gaps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from connectors.chat.teams import evidence
from connectors.contract import Closing, Outcome, Presence, Result, WayBack
from policies.model import Account, Gap, Group

_REMEDY = (
    "Make the group private: Teams > Manage team > Settings > Privacy, or Microsoft 365 admin center > "
    "Groups; a person whose account is disabled cannot join either way."
)


class WaysBack:
    """Join codes of teams and pending join requests are not in Graph's v1.0, and so are not seen at all."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    async def of(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        """Yield a gap for each group that the account can walk into again by itself."""
        for group in groups:
            if group.self_join and account.active:
                yield Gap(self._instance, "open_to_all", group.id, f"{group.name} is public", _REMEDY)

    async def close(self, step: Closing) -> Result:
        """Say that there is nothing an app could close."""
        source = evidence.without_call("local", ("sent", "nothing"))
        return Result(step.step_id, Outcome.NO_API, source, detail="Graph closes no way back", remedy=_REMEDY)

    async def still_open(self, step: Closing) -> Presence:
        """Say that it cannot be read."""
        return evidence.unreadable(step.step_id, "local", "Graph does not show ways back")
