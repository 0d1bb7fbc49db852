"""Who the app is: its service principal, its tenant and its permissions, as its own token says."""

from __future__ import annotations

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.tokens import Token, other_tenant


class Identity:
    """Reads the token's claims; where it has none that can be read, the tenant is asked for its id."""

    def __init__(self, client: GraphClient, asks: Asks) -> None:
        self._client = client
        self._asks = asks
        self._tenant = ""

    async def own_account_ids(self) -> frozenset[str]:
        """Give the service principal's id, which is never a target."""
        token = await self.token()
        return frozenset({token.object_id} if token.object_id else ())

    async def token(self) -> Token:
        """Give a token of the configured tenant; raises BadCredentials where it is another one's."""
        token = await self._client.tokens.token()
        if not token.tenant_id and not self._tenant:
            self._tenant = await self._asked_tenant()
        return token

    async def _asked_tenant(self) -> str:
        (row,) = await self._client.listing(self._asks.organization())
        found = str(row.get("id") or "")
        if found.lower() != self._client.config.tenant_id.lower():
            raise other_tenant(self._client.config, found)
        return found

    @property
    def known(self) -> Token | None:
        """What is already known, without asking."""
        return self._client.tokens.known
