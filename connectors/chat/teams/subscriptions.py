"""Subscriptions to Graph's change notifications: asked for, and asked to run longer; never ended by us."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from connectors.chat.teams.client import Answer, GraphClient, with_body
from connectors.errors import ConnectorError, MissingScope

# `updated` of a group tells of its members too; a team's or chat's members are made and deleted.
_CHANGES = {"/groups": "updated"}
_MEMBERS_CHANGE = "created,updated,deleted"


class Subscriptions:
    """One app's subscriptions (learn.microsoft.com/graph/api/resources/subscription)."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def subscribe(self, resource: str, url: str, client_state: str, expires: datetime) -> str:
        """Subscribe an address to a resource, and to what Graph says of the subscription; gives its id.

        Graph asks the address for an echo before it answers. Raises ConnectorError, AnswerLost.
        """
        body = {
            "changeType": _CHANGES.get(resource, _MEMBERS_CHANGE),
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": _instant(expires),
            "clientState": client_state,
        }
        answer = await self._client.call(with_body(self._client.sdk.ask("POST", _all), body))
        made = answer.data.get("id")
        if not answer.ok or not isinstance(made, str) or not made:
            raise await self._refusal(answer)
        return made

    async def renew(self, subscription_id: str, expires: datetime) -> bool:
        """Let a subscription run until then, and authorize it anew; False where Graph no longer has it."""
        ask = self._client.sdk.ask("PATCH", lambda g: g.subscriptions.by_subscription_id(subscription_id))
        answer = await self._client.call(with_body(ask, {"expirationDateTime": _instant(expires)}))
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        if not answer.ok:
            raise await self._refusal(answer)
        return True

    async def _refusal(self, answer: Answer) -> ConnectorError:
        if answer.status == HTTPStatus.FORBIDDEN:
            said = f"{self._client.config.instance}: Graph refuses the app a subscription ({answer.code})"
            return MissingScope(f"{said}; run `bawab check`", needed="")
        return await self._client.refusal(answer)


def _all(graph: Any) -> Any:
    return graph.subscriptions


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
