"""Whether the API answers, and what it offers: for anybody, and about nobody."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.surfaces.api.route import OpenRoute

router = APIRouter(route_class=OpenRoute, tags=["about"])


class Health(BaseModel):
    """That it answers; nothing else is said to whoever asks."""

    status: Literal["ok"] = "ok"


@router.get("/health", openapi_extra={"security": []})
async def health() -> Health:
    """Whether the API answers."""
    return Health()


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Give the description of this API."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)
