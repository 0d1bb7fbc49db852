"""Posts change notifications to whoever subscribed, and again where they were not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from connectors.chat.teams.sandbox.calling import caller
from connectors.chat.teams.sandbox.changes import Change, World
from connectors.chat.teams.sandbox.conversation import membership_id
from connectors.chat.teams.sandbox.objects import instant
from connectors.chat.teams.sandbox.odata import Row
from connectors.chat.teams.sandbox.state import Subscription

_MOST_TRIES = 5
_TAKEN = range(200, 300)
ANSWER_SECONDS = 3.0


@dataclass(slots=True)
class _Post:
    """One notification on its way."""

    url: str
    row: Row
    tries: int = 0


@dataclass(slots=True)
class Notifier:
    """Turns what happened into notifications, each of them once, and keeps those nobody took."""

    world: World
    queue: list[_Post] = field(default_factory=list)
    seen: int = 0
    """How many changes have been turned into notifications."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def deliver(self) -> int:
        """Post everything there is; give how many were taken. What is not taken stays for the next time."""
        async with self.turn:
            self._collect()
            waiting, self.queue = self.queue, []
            taken = 0
            for post in waiting:
                if await self._taken(post):
                    taken += 1
                elif post.tries < _MOST_TRIES:
                    self.queue.append(post)
            return taken

    async def lifecycle(self, subscription_id: str, event: str) -> bool:
        """Post `reauthorizationRequired`, `missed` or `subscriptionRemoved`, which also removes it."""
        subscription = self.world.tenant.subscriptions[subscription_id]
        if event == "subscriptionRemoved":
            del self.world.tenant.subscriptions[subscription_id]
        url = subscription.lifecycle_notification_url
        return bool(url) and await self._taken(
            _Post(str(url), {**self._head(subscription), "lifecycleEvent": event})
        )

    def _collect(self) -> None:
        fresh, self.seen = self.world.changes[self.seen :], len(self.world.changes)
        now = datetime.now(UTC)
        standing = [one for one in self.world.tenant.subscriptions.values() if one.expires > now]
        for change in fresh:
            for subscription in standing:
                rows = self._rows(subscription, change)
                self.queue += [_Post(subscription.notification_url, row) for row in rows]

    async def _taken(self, post: _Post) -> bool:
        post.tries += 1
        try:
            async with caller(ANSWER_SECONDS) as client:
                answer = await client.post(post.url, json={"value": [post.row]})
        except httpx.HTTPError:
            return False
        return answer.status_code in _TAKEN

    def _head(self, subscription: Subscription) -> Row:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": instant(subscription.expires),
            "clientState": subscription.client_state,
            "tenantId": self.world.tenant.id,
        }

    def _rows(self, subscription: Subscription, change: Change) -> Iterator[Row]:
        """Say a change in the words of one subscription; nothing where it is about something else."""
        wanted = subscription.resource.strip("/")
        for resource, kind, row in _told(change, self.world):
            if wanted in resource and kind in subscription.change_type.split(","):
                yield {
                    **self._head(subscription),
                    "changeType": kind,
                    "resource": row["@odata.id"],
                    "resourceData": row,
                }


def _told(change: Change, world: World) -> Iterator[tuple[tuple[str, ...], str, Row]]:
    """Give the resources a change is seen under, its kind there, and its data."""
    match change.resource:
        case "users":
            row = {"@odata.type": "#Microsoft.Graph.User", "@odata.id": f"Users/{change.id}", "id": change.id}
            yield ("users", f"users/{change.id}"), change.kind, row
        case "groups":
            yield (
                ("groups", f"groups/{change.id}", f"groups/{change.id}/members"),
                change.kind,
                _group(change),
            )
            if change.id in world.tenant.teams and change.role == "member":
                names = ("teams/getAllMembers", f"teams/{change.id}/members")
                yield names, _joined(change), _member(f"teams('{change.id}')", change)
        case "channels":
            channel = world.tenant.channels.get(change.id)
            team = channel.team_id if channel else ""
            names = (f"teams/{team}/channels/getAllMembers", f"teams/{team}/channels/{change.id}/members")
            yield names, _joined(change), _member(f"teams('{team}')/channels('{change.id}')", change)
        case _:
            names = ("chats/getAllMembers", f"chats/{change.id}/members")
            yield names, _joined(change), _member(f"chats('{change.id}')", change)


def _group(change: Change) -> Row:
    row: Row = {"@odata.type": "#Microsoft.Graph.Group", "@odata.id": f"Groups/{change.id}", "id": change.id}
    if change.user_id:
        gone = {"@removed": "deleted"} if change.removed else {}
        row[f"{change.role}s@delta"] = [{"id": change.user_id, **gone}]
    return row


def _joined(change: Change) -> str:
    return "deleted" if change.removed else "created"


def _member(place: str, change: Change) -> Row:
    id_ = membership_id(change.id, change.user_id)
    return {
        "@odata.type": "#Microsoft.Graph.aadUserConversationMember",
        "@odata.id": f"{place}/members('{id_}')",
        "id": id_,
    }
