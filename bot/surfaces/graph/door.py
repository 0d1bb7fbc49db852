"""The door Graph's notifications come in by: checked, and turned into looks, within Graph's patience."""

from __future__ import annotations

import asyncio
import json

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app import Bawab
from bot.drift.look_now import look_at_group, look_now
from bot.hearing import MISSED, trouble
from bot.store.group_tables import SubscriptionRow
from bot.store.query import columns, one
from bot.surfaces.bodies import BodyRefused, with_body
from bot.surfaces.graph.meanings import GroupChanged, Lifecycle, Told, changes_of, items_of
from bot.surfaces.graph.subscriptions import due_now, is_agreed, lost
from connectors.storable import storable

MOST_TOKEN = 2048
"""Characters of a validation token, which is echoed."""
PATIENCE_SECONDS = 2.5
"""Graph counts an answer after three seconds as slow, and after ten as none."""

logger = structlog.get_logger(__name__)


class Door:
    """One tenant's notifications: `POST /graph/<instance>`."""

    def __init__(self, app: Bawab, instance: str, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._instance = instance
        self._patience = patience

    def route(self) -> Route:
        """Give the route."""
        return Route(f"/graph/{self._instance}", self._answer, methods=["POST"])

    async def _answer(self, request: Request) -> Response:
        token = request.query_params.get("validationToken")
        if token is not None:
            return _echo(token)
        try:
            body = await (await with_body(request, length_said=False)).body()
            told = items_of(json.loads(storable(body)))
        except BodyRefused as error:
            return Response(status_code=error.status)
        except (ValueError, RecursionError):
            told = None
        return Response(status_code=400) if told is None else await self._take(told)

    async def _take(self, told: list[Told]) -> Response:
        """Answer 202 once the looks are stored, forged or not: a forger learns nothing from it."""
        try:
            async with asyncio.timeout(self._patience):
                for each in told:
                    await self._one(each)
        except Exception as error:  # noqa: BLE001 - Graph sends it again for four hours
            logger.error("graph_notification_failed", instance=self._instance, error=type(error).__name__)  # noqa: TRY400
            return Response(status_code=503)
        return Response(status_code=202)

    async def _one(self, told: Told) -> None:
        async with self._app.store.read() as tx:
            row = await self._subscription(tx, told)
        if row is None:
            return
        if told.lifecycle is not None:
            await self._lifecycle(told.lifecycle, row)
            return
        for changed in changes_of(told.item):
            await self._look(changed)

    async def _look(self, changed: GroupChanged) -> None:
        """Look at whoever was added, or, where nobody was named, at everybody ever taken out of the group."""
        app, name, because = self._app, self._instance, "graph_notification"
        if not changed.added:
            await look_at_group(app, name, changed.group_id, because=because)
        for account in dict.fromkeys(changed.added):
            await look_now(app, name, account, changed.group_id, because=because)

    async def _subscription(self, tx: AsyncConnection, told: Told) -> SubscriptionRow | None:
        """Find the subscription of ours that a notification belongs to; None for a forged one."""
        rows = columns(SubscriptionRow)
        mine = [rows.id == told.subscription_id, rows.instance == self._instance]
        row = await one(tx, SubscriptionRow, *mine)
        return row if row is not None and is_agreed(row, told.state) else None

    async def _lifecycle(self, event: Lifecycle, row: SubscriptionRow) -> None:
        match event:
            case Lifecycle.REAUTHORIZE:
                await due_now(self._app, row)
            case Lifecycle.REMOVED:
                await lost(self._app, row)
            case Lifecycle.MISSED:
                await trouble(self._app, self._instance, MISSED)


def _echo(token: str) -> Response:
    """Answer Graph's question whether this address is ours, as plain text and nothing else."""
    if len(token) > MOST_TOKEN:
        return Response(status_code=400)
    return PlainTextResponse(token, headers={"X-Content-Type-Options": "nosniff"})
