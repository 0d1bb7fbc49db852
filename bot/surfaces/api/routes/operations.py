"""What IT looks after: HR's sources and their deliveries, and the connections to the platforms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from bot.acts import lanes
from bot.surfaces.api.caller import Called
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import Nothing
from bot.surfaces.api.shapes.base import Key
from bot.surfaces.api.shapes.work import Connector, Connectors, Delivery, Feeds, connector
from bot.views import connectors as views
from bot.views.feeds import feed_page, feeds

router = APIRouter(route_class=Route, tags=["operations"])
FeedId = Annotated[str, Path(pattern=r"^feed_[0-9a-f]{12}$", examples=["feed_4f2a9c01d3b7"])]
Instance = Annotated[str, Path(min_length=1, max_length=100, examples=["acme"])]


@router.get("/feeds", openapi_extra={PERMISSION: ["feed.read"]})
async def list_feeds(caller: Called) -> Feeds:
    """Give every HR source with its health, and the newest 50 deliveries."""
    return Feeds.model_validate(await feeds(caller.app, caller.who))


@router.get("/feeds/{feed_id}", openapi_extra={PERMISSION: ["feed.read"]})
async def read_feed(caller: Called, feed_id: FeedId) -> Delivery:
    """Give one delivery with what was found wrong with it."""
    return Delivery.model_validate((await feed_page(caller.app, caller.who, feed_id)).delivered)


@router.get("/connectors", openapi_extra={PERMISSION: ["connector.read"]})
async def list_connectors(caller: Called) -> Connectors:
    """Give every connection with its circuit and what the last check found; asks no platform."""
    found = await views.connectors(caller.app, caller.who)
    return Connectors(items=[connector(one) for one in found.instances], checked_at=found.checked_at)


@router.get("/connectors/{instance}", openapi_extra={PERMISSION: ["connector.read"]})
async def read_connector(caller: Called, instance: Instance) -> Connector:
    """Give one connection."""
    return connector(await views.connector_page(caller.app, caller.who, instance))


@router.post("/connectors/{instance}/resume", openapi_extra={PERMISSION: ["lane.resume", "connector.read"]})
async def resume(caller: Called, instance: Instance, asked: Nothing, key: Key) -> Connector:  # noqa: ARG001 - read by the route
    """Let a connection that waits or is paused try again now."""
    if not caller.did:
        await lanes.resume(caller.app, caller.who, instance)
    return connector(await views.connector_page(caller.app, caller.who, instance))
