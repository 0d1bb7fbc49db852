"""The console: every page of it as one application, with what guards them all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from bot.app import Bawab
from bot.surfaces.web import faults
from bot.surfaces.web.headers import Guarded
from bot.surfaces.web.pages import account
from bot.surfaces.web.visitor import visitor

STATIC: Final = Path(__file__).parent / "static"
MOST_BYTES: Final = 256 * 1024
"""Of a form; the longest is a policy that somebody tries out."""

PAGES: Final = (account.router,)
"""Each page's router; all of them are for whoever is signed in, and check what they may."""


def console(app: Bawab) -> FastAPI:
    """Build the console of this Bawab, as an ASGI application."""
    url = app.settings.console.url
    made = FastAPI(
        title="Bawab",
        openapi_url=None,
        redirect_slashes=False,
        max_body_size=MOST_BYTES,
        middleware=[Middleware(Guarded, url=url)],
    )
    made.state.bawab = app
    made.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in PAGES:
        made.include_router(router, dependencies=[Depends(visitor)])
    faults.install(made)
    return made
