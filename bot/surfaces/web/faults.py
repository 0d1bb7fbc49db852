"""What is shown instead of a page: a missing right, nothing here, a request not understood."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.surfaces.web.visitor import NotSignedIn


def install(made: FastAPI) -> None:
    """Answer every fault by a page."""

    @made.exception_handler(NotSignedIn)
    async def not_signed_in(_request: Request, fault: NotSignedIn) -> Response:
        return RedirectResponse(fault.back, status_code=303)
