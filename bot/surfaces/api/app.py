"""The API as one ASGI app, to be mounted at /api/v1: built from the composition root, without globals."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from bot.app import Bawab
from bot.surfaces.api import catching, schema
from bot.surfaces.api.frame import Frame
from bot.surfaces.api.idempotency import Keys
from bot.surfaces.api.refusing import Refusals
from bot.surfaces.api.routes import cases, health, me

ROUTERS = (health.router, me.router, cases.router)


def api(app: Bawab) -> FastAPI:
    """Build the API of one Bawab; the caller mounts it at /api/v1."""
    made = described()
    made.state.bawab = app
    made.state.refusals = Refusals(app)
    made.state.keys = Keys(app)
    return made


def described() -> FastAPI:
    """Build it without anything behind it: enough to say what it offers."""
    made = _Api(
        title="Bawab",
        version=schema.VERSION,
        openapi_url=None,  # served by a resource of its own, so that it goes the same road
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        made.include_router(router)
    catching.install(made)
    made.add_middleware(Frame)
    return made


class _Api(FastAPI):
    """FastAPI, describing itself as schema.py says."""

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI 3.1 document."""
        if self.openapi_schema is None:
            self.openapi_schema = schema.describe(self)
        return self.openapi_schema
