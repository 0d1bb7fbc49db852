"""One's own page: how Bawab meets this person."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed

router = APIRouter()


@router.get("/account")
async def show(v: Signed) -> Response:
    """Show who is signed in, and how they are met."""
    return page(v, "account.html")
