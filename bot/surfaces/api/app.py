"""The API as one ASGI app, to be mounted at /api/v1: built from the composition root, without globals."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI
from starlette.routing import Mount

from bot.app import Bawab
from bot.surfaces.api import catching, schema
from bot.surfaces.api.frame import Frame
from bot.surfaces.api.idempotency import Keys
from bot.surfaces.api.refusing import Refusals
from bot.surfaces.api.routes import (
    audit,
    case_acts,
    cases,
    figures,
    groups,
    health,
    holds,
    me,
    operations,
    people,
    preview,
    runs,
    tasks,
)

PREFIX: Final = "/api/v1"
ROUTERS = tuple(
    part.router
    for part in (
        health,
        me,
        preview,
        cases,
        case_acts,
        holds,
        people,
        groups,
        tasks,
        operations,
        audit,
        runs,
        figures,
    )
)


def api(app: Bawab) -> FastAPI:
    """Build the API of one Bawab; the caller mounts it at /api/v1."""
    made = described()
    made.state.bawab = app
    made.state.refusals = Refusals(app)
    made.state.keys = Keys(app)
    return made


def mounted(app: Bawab) -> Mount:
    """Give the API as a route of the listener; every address under it is the API's to refuse."""
    mount = Mount(PREFIX, api(app))
    # A line break in an address would otherwise end the match, and the refusal would not be a problem.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


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
    made.state.resources = [route for router in ROUTERS for route in router.routes]
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
