"""Subscriptions to Graph's change notifications: made, renewed before they run out, made again when lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from sqlalchemy import delete

from bot.app import Bawab
from bot.hearing import MISSED, heard, trouble, troubles
from bot.store.group_tables import ReconcileRow, SubscriptionRow
from bot.store.query import add, change, columns, table, where
from connectors.errors import ConnectorError, MissingScope
from connectors.wire import AnswerLost

RESOURCES: dict[str, timedelta] = {
    "/groups": timedelta(days=28),
    "/teams/getAllMembers": timedelta(days=2, hours=22),
    "/chats/getAllMembers": timedelta(days=2, hours=22),
}
"""What is subscribed to, and for how long: below Graph's 29 and 3 days. Members of all channels of a tenant
can be subscribed to in Graph's beta only; the later re-checks look there."""
OPTIONAL = frozenset({"/chats/getAllMembers"})
"""Whose permission a tenant may well not give: the re-checks look there, and `bawab check` names it."""
RENEW_AT = 0.5
"""Of the time a subscription runs: renewed then, so that a day without Bawab loses none."""
EVERY = timedelta(minutes=1)


@runtime_checkable
class Subscribes(Protocol):
    """What a Teams connector must be able to do; each raises ConnectorError, or AnswerLost."""

    @property
    def instance(self) -> str:
        """The configured name of the tenant."""
        ...

    async def subscribe(self, resource: str, url: str, client_state: str, expires: datetime) -> str:
        """Subscribe `url` to a resource, lifecycle events too; gives the id. Graph asks the URL at once."""
        ...

    async def renew(self, subscription_id: str, expires: datetime) -> bool:
        """Let a subscription run until then; False where Graph does not know it any more."""
        ...


def state_hash(client_state: str) -> str:
    """Give what is stored of the word that Graph must say with each notification."""
    return hashlib.sha256(client_state.encode()).hexdigest()


def is_agreed(row: SubscriptionRow, client_state: str) -> bool:
    """Whether this is the word agreed upon, compared in constant time."""
    return hmac.compare_digest(row.state_hash, state_hash(client_state))


class Keeper:
    """Keeps one tenant's subscriptions alive; the rows are the truth, a restart changes nothing."""

    def __init__(self, app: Bawab, connector: Subscribes, url: str) -> None:
        self._app = app
        self._connector = connector
        self._url = url
        self._failed: set[str] = set()

    @property
    def instance(self) -> str:
        """Name the tenant, as the settings do."""
        return self._connector.instance

    async def keep(self) -> None:
        """Make what is missing and renew what is due; failures are said, not raised."""
        rows = columns(SubscriptionRow)
        async with self._app.store.read() as tx:
            mine = await where(tx, SubscriptionRow, rows.instance == self._connector.instance)
        for resource, lasts in RESOURCES.items():
            await self._see_to(resource, lasts, [row for row in mine if row.resource == resource])
        if self._failed:
            refused = ", ".join(sorted(self._failed))
            await trouble(self._app, self._connector.instance, "subscription_refused", refused)
        else:
            await heard(self._app, self._connector.instance, "subscription_refused")
        await self._caught_up()

    async def _caught_up(self) -> None:
        """What was missed no longer matters once everybody was compared since."""
        runs = columns(ReconcileRow)
        async with self._app.store.read() as tx:
            missed = [
                found
                for found in await troubles(tx)
                if (found.instance, found.key) == (self._connector.instance, MISSED)
            ]
            since = [
                run for found in missed for run in await where(tx, ReconcileRow, runs.ended_at > found.since)
            ]
        if since:
            await heard(self._app, self._connector.instance, MISSED)

    async def _see_to(self, resource: str, lasts: timedelta, found: list[SubscriptionRow]) -> None:
        """Keep one subscription to a resource."""
        now = self._app.now()
        try:
            if not found or found[0].expires_at <= now:
                await self._make(resource, now + lasts, found[:1])
            elif found[0].expires_at - now <= lasts * RENEW_AT:
                await self._renew(found[0], now + lasts)
        except (ConnectorError, AnswerLost) as error:
            if resource not in OPTIONAL or not isinstance(error, MissingScope):
                self._failed.add(resource)
            return
        self._failed.discard(resource)

    async def _make(self, resource: str, expires: datetime, old: list[SubscriptionRow]) -> None:
        """Subscribe anew; where the answer is lost, Graph keeps one whose notices nobody takes."""
        for row in old:
            await self._forget(row.id)
        state = secrets.token_urlsafe(48)
        made = await self._connector.subscribe(resource, self._url, state, expires)
        row = SubscriptionRow(
            id=made,
            instance=self._connector.instance,
            resource=resource,
            state_hash=state_hash(state),
            expires_at=expires,
            created_at=self._app.now(),
        )
        async with self._app.store.write() as tx:
            await add(tx, row)

    async def _renew(self, row: SubscriptionRow, expires: datetime) -> None:
        if not await self._connector.renew(row.id, expires):
            await self._make(row.resource, expires, [row])
            return
        async with self._app.store.write() as tx:
            await change(tx, SubscriptionRow, {"expires_at": expires}, columns(SubscriptionRow).id == row.id)

    async def _forget(self, subscription_id: str) -> None:
        rows = columns(SubscriptionRow)
        async with self._app.store.write() as tx:
            await tx.execute(delete(table(SubscriptionRow)).where(rows.id == subscription_id))


async def due_now(app: Bawab, row: SubscriptionRow) -> None:
    """Graph wants to be asked again: the keeper renews it at its next look."""
    async with app.store.write() as tx:
        soon = app.now() + timedelta(minutes=5)
        values = {"expires_at": min(row.expires_at, soon)}
        await change(tx, SubscriptionRow, values, columns(SubscriptionRow).id == row.id)


async def lost(app: Bawab, row: SubscriptionRow) -> None:
    """Graph took it away: the keeper makes another at its next look."""
    async with app.store.write() as tx:
        await tx.execute(delete(table(SubscriptionRow)).where(columns(SubscriptionRow).id == row.id))
