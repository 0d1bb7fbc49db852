"""Who the app is: its service principal, its tenant and its permissions, as its own token says."""

from __future__ import annotations

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.tokens import Token, is_guid, other_tenant
from connectors.errors import MissingScope


class Identity:
    """Reads the token's claims; where it has none that can be read, the tenant is asked for its id."""

    def __init__(self, client: GraphClient, asks: Asks) -> None:
        self._client = client
        self._asks = asks
        self._asked = False

    async def own_account_ids(self) -> frozenset[str]:
        """Give the service principal's id, which is never a target."""
        token = await self.token()
        return frozenset({token.object_id} if token.object_id else ())

    async def token(self) -> Token:
        """Give a token of the configured tenant; raises BadCredentials where it is another one's."""
        token = await self._client.tokens.token()
        if not token.tenant_id and not self._asked:
            self._client.asked_tenant = await self._asked_tenant()
            self._asked = True
        return token

    @property
    def tenant_unseen(self) -> bool:
        """Whether neither the token nor Graph tells which tenant this is, and Entra's word must do."""
        token = self.known
        return self._asked and not self._client.asked_tenant and token is not None and not token.tenant_id

    async def _asked_tenant(self) -> str:
        """Ask for the tenant's id; empty where the app may not read it, or the server does not offer it.

        The token came from the configured tenant's own address, and Graph lets it into no other.
        """
        try:
            rows = await self._client.listing(self._asks.organization())
        except (MissingScope, GraphRefused):
            return ""
        found = str(rows[0].get("id") or "") if len(rows) == 1 else ""
        wanted = self._client.config.tenant_id
        # A domain name is a lawful tenant_id too, but Graph names the tenant by its id.
        if found and is_guid(wanted) and found.lower() != wanted.lower():
            raise other_tenant(self._client.config, found)
        return found

    @property
    def known(self) -> Token | None:
        """What is already known, without asking."""
        return self._client.tokens.known
