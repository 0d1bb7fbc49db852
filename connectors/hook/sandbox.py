"""A receiver on loopback: checks signature and age of every notice, and keeps each id once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandboxing import cut, fall_silent

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # noqa: S105 - of this sandbox only


@dataclass(slots=True)
class Sandbox:
    """One receiver; `answers` are given in turn before it takes anything: a status, or `drop`."""

    answers: list[int | str] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    """id → notice: a repeated one is the same."""
    calls: int = 0
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.asgi = Starlette(routes=[Route("/notices", self._take, methods=["POST"])])

    def cut_all(self) -> None:
        """Cut every open connection."""
        cut(self.transports)

    async def _take(self, request: Request) -> Response:
        self.calls += 1
        body = await request.body()
        planned = self.answers.pop(0) if self.answers else None
        if isinstance(planned, int):
            return Response(status_code=planned)
        try:
            notice = Webhook(SECRET).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        self.taken[notice["id"]] = notice
        if planned == "drop":
            await fall_silent(request, self.transports, drop=True)
        return Response(status_code=204)


def create_sandbox() -> Sandbox:
    """Give a receiver that takes everything."""
    return Sandbox()
