"""Figures: how long removals took, how many there were, what is open, what is proven."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bot.surfaces.api.caller import Called
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.figures import Figures
from bot.views.figures import WEEKS, figures

router = APIRouter(route_class=Route, tags=["figures"])


@router.get("/figures", openapi_extra={PERMISSION: ["case.read"]})
async def read_figures(
    caller: Called,
    weeks: Annotated[int, Query(ge=1, le=104, description="How many weeks, this one included")] = WEEKS,
) -> Figures:
    """Give the figures of the last weeks; nothing about the reader is in them."""
    return Figures.model_validate(await figures(caller.app, caller.who, weeks=weeks))
