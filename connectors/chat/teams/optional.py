"""What a server may lack: told apart from what is only refused for now, and never taken for nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Answer, Row
from connectors.chat.teams.refusals import GraphRefused
from connectors.errors import ConnectorError
from policies.model import Gap

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

_REMEDY = (
    "Nothing in Bawab mends it: the server at BASE_URL does not offer this reading, or not to apps. Look "
    "by hand when somebody leaves: Entra admin center > Users > the person, and the Teams admin center."
)
_WHAT = {
    "nested_groups_unseen": "groups somebody is in by way of another group",
    "owned_groups_unseen": "groups somebody owns without being a member",
}


class Optional:
    """Readings without which people can still be taken out of what is seen."""

    def __init__(self, asks: Asks, batches: Batches) -> None:
        self._asks = asks
        self._batches = batches

    async def settle(
        self, account_id: str, ask: RequestInformation, found: list[Row] | ConnectorError
    ) -> list[Row] | GraphRefused:
        """Give the rows of a reading of one person, or the refusal of a server that does not offer it.

        A plain "not found" is asked for once more beside the person: only where the person is there and the
        reading is not, it is the server that lacks it. Raises all else.
        """
        if isinstance(found, list):
            return found
        if isinstance(found, GraphRefused) and found.status == HTTPStatus.NOT_FOUND and not found.not_offered:
            user, again = await self._batches.read([self._asks.user(account_id, select="id"), ask])
            if isinstance(user, ConnectorError):
                raise user
            return await self._again(again)
        return _only_lacking(found)

    async def _again(self, first: Answer | ConnectorError) -> list[Row] | GraphRefused:
        rows = await self._batches.rest(first)
        if isinstance(rows, GraphRefused) and rows.status == HTTPStatus.NOT_FOUND:
            return rows
        return rows if isinstance(rows, list) else _only_lacking(rows)


def _only_lacking(error: ConnectorError) -> GraphRefused:
    """Let pass what waiting would not mend.

    A 403 where no permission is missing counts too: Microsoft's page of `ownedObjects` names none that an app
    could hold (learn.microsoft.com/graph/api/user-list-ownedobjects, "Application: not supported").
    """
    if isinstance(error, GraphRefused) and (error.not_offered or error.status == HTTPStatus.FORBIDDEN):
        return error
    raise error


def remedy(why: ConnectorError, otherwise: str) -> str:
    """Say what to do about a reading; no grant mends what a server does not offer."""
    return _REMEDY if isinstance(why, GraphRefused) and why.not_offered else otherwise


def lacking(instance: str, reason: str, why: GraphRefused) -> Gap:
    """Say what cannot be seen at this server; `reason` is a key of `bot.locale.keys`."""
    return Gap(instance, reason, detail=f"{_WHAT[reason]} cannot be listed: {why}", remedy=_REMEDY)
