"""Subscriptions to Graph's change notifications: asked for, asked to run longer, and ended."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from connectors.chat.teams.asks import Asks
from connectors.chat.teams.client import Answer, GraphClient
from connectors.chat.teams.identity import Identity
from connectors.errors import ConnectorError, MissingScope, NotSupported

# `updated` of a group tells of its members too; a team's or chat's members are made and deleted.
_CHANGES = {"/groups": "updated"}
_CHAT_MEMBERS = ("ChatMember.Read.All", "ChatMember.ReadWrite.All")
_MEMBERS_CHANGE = "created,updated,deleted"


class Subscriptions:
    """One app's subscriptions (learn.microsoft.com/graph/api/resources/subscription)."""

    def __init__(self, client: GraphClient, asks: Asks, identity: Identity) -> None:
        self._client = client
        self._asks = asks
        self._identity = identity

    async def subscribe(self, resource: str, url: str, client_state: str, expires: datetime) -> str:
        """Subscribe an address to a resource, and to what Graph says of the subscription; gives its id.

        Graph asks the address for an echo before it answers. Raises NotSupported for chats where the app was
        never meant to see any, ConnectorError, AnswerLost.
        """
        token = await self._identity.token()
        if resource.startswith("/chats/") and not token.may(*_CHAT_MEMBERS):
            raise NotSupported(f"{self._client.config.instance}: the app has no permission for group chats")
        body = {
            "changeType": _CHANGES.get(resource, _MEMBERS_CHANGE),
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": _instant(expires),
            "clientState": client_state,
        }
        answer = await self._client.call(self._asks.subscribe(body))
        made = answer.data.get("id")
        if not answer.ok or not isinstance(made, str) or not made:
            raise await self._refusal(answer)
        return made

    async def renew(self, subscription_id: str, expires: datetime) -> bool:
        """Let a subscription run until then, and authorize it anew; False where Graph no longer has it."""
        await self._identity.token()
        answer = await self._client.call(self._asks.renew(subscription_id, _instant(expires)))
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        if not answer.ok:
            raise await self._refusal(answer)
        return True

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that is gone already is no error."""
        await self._identity.token()
        answer = await self._client.call(self._asks.unsubscribe(subscription_id))
        if not answer.ok and answer.status != HTTPStatus.NOT_FOUND:
            raise await self._refusal(answer)

    async def _refusal(self, answer: Answer) -> ConnectorError:
        """Give what a refusal means; which permission a subscription takes depends on what it is about."""
        if answer.status == HTTPStatus.FORBIDDEN:
            await self._client.missing(answer)  # a consent given since shows in a fresh token only
            said = f"{self._client.config.instance}: Graph refuses the app a subscription ({answer.code})"
            return MissingScope(f"{said}; `bawab check` names what is missing", needed="")
        return await self._client.refusal(answer)


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
