"""The console: every page of it as one application, with what guards them all."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from bot.app import Bawab
from bot.surfaces.api.refusing import Refusals
from bot.surfaces.web import faults
from bot.surfaces.web.bounded import Bounded
from bot.surfaces.web.doors import front, once, provider, unfinished
from bot.surfaces.web.faults import Catching
from bot.surfaces.web.headers import Guarded
from bot.surfaces.web.oidc import Provider
from bot.surfaces.web.pages import (
    account,
    audit,
    case,
    cases,
    connectors,
    feeds,
    figures,
    groups,
    handing_out,
    held,
    holds,
    links,
    offboard,
    offboard_now,
    person,
    policies,
    review,
    runs,
    staff,
    tasks,
    today,
)
from bot.surfaces.web.visitor import visitor

STATIC: Final = Path(__file__).parent / "static"
DOORS: Final = (front.router, provider.router, once.router)
"""Open to anybody; what of them needs a session asks for it itself."""
PAGES: Final = (
    account.router,
    unfinished.router,
    today.router,
    cases.router,
    case.router,
    holds.router,
    offboard_now.router,
    offboard.router,
    person.router,
    groups.router,
    held.router,
    tasks.router,
    links.router,
    feeds.router,
    connectors.router,
    policies.router,
    staff.router,
    handing_out.router,
    audit.router,
    review.router,
    runs.router,
    figures.router,
)
"""Each page's router; all of them are for whoever is signed in, and check what they may."""


def console(app: Bawab) -> FastAPI:
    """Build the console of this Bawab, as an ASGI application."""
    url = app.settings.console.url
    made = FastAPI(
        title="Bawab",
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Guarded, url=url, form_targets=_leads_to(app)),
            Middleware(Catching),
            Middleware(Bounded),
        ],
    )
    made.state.bawab = app
    made.state.refusals = Refusals(app, by="web")
    made.state.provider = Provider(app.settings.oidc, app.now) if app.settings.oidc else None
    made.mount("/static", StaticFiles(directory=STATIC), name="static")
    for door in DOORS:
        made.include_router(door)
    for router in PAGES:
        made.include_router(router, dependencies=[Depends(visitor)])
    faults.install(made)
    return made


def _leads_to(app: Bawab) -> tuple[str, ...]:
    """Give where a form of ours may lead beside here: to sign out at the identity provider, too."""
    if app.settings.oidc is None:
        return ()
    issuer = urlsplit(app.settings.oidc.issuer)
    return (f"{issuer.scheme}://{issuer.netloc}",)
