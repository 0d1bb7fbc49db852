"""A workflow of Teams on loopback: takes cards as Teams does, refuses what it refuses, keeps what it took."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandboxing import cut, fall_silent

PATH = "/workflows/0f5e/triggers/manual/paths/invoke"
SIGNATURE = "a-signature-for-tests-0123456789"
QUERY = f"?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
LARGEST = 28 * 1024
_ELEMENTS = {"RichTextBlock", "TextBlock"}


@dataclass(slots=True)
class Sandbox:
    """One workflow; `answers` are given in turn before it takes anything: a status, or `drop`."""

    answers: list[int | str] = field(default_factory=list)
    retry_after: str | None = None
    posted: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.asgi = Starlette(routes=[Route(PATH, self._take, methods=["POST"])])

    def cut_all(self) -> None:
        """Cut every open connection."""
        cut(self.transports)

    def texts(self, recipient: str | None = None) -> list[str]:
        """Give what the cards say, each with its lines joined."""
        return [_said(one) for one in self.posted if recipient in (None, one.get("recipient"))]

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if request.query_params.get("sig") != SIGNATURE:
            return JSONResponse({"error": {"code": "DirectApiAuthorizationRequired"}}, 401)
        planned = self.answers.pop(0) if self.answers else None
        if isinstance(planned, int):
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return JSONResponse({"error": {"code": str(planned)}}, planned, headers)
        if len(body) > LARGEST:
            return JSONResponse({"error": {"code": "RequestEntityTooLarge"}}, 413)
        posted = json.loads(body)
        if complaint := wrong_with(posted):
            self.wrong.append(complaint)
            return JSONResponse({"error": {"code": "BadRequest", "message": complaint}}, 400)
        self.posted.append(posted)
        if planned == "drop":
            await fall_silent(request, self.transports, drop=True)
        return Response(status_code=202)


def wrong_with(posted: Any) -> str:
    """Say what is wrong with a posted message; empty where Teams would show it."""
    match posted:
        case {"type": "message", "attachments": [{"contentType": kind, "content": dict(card)}]}:
            if kind != "application/vnd.microsoft.card.adaptive":
                return "not an Adaptive Card"
        case _:
            return "one attachment is wanted"
    if card.get("type") != "AdaptiveCard" or card.get("version") not in {"1.4", "1.5"}:
        return "an AdaptiveCard of version 1.4 or 1.5 is wanted"
    if not isinstance(card.get("rtl", False), bool) or not isinstance(card.get("lang", ""), str):
        return "rtl is a boolean, lang a string"
    wrong = [element for element in card.get("body", ()) if element.get("type") not in _ELEMENTS]
    bad = [
        one for one in card.get("actions", ()) if one.get("type") != "Action.OpenUrl" or not one.get("url")
    ]
    return f"unknown elements {wrong} or actions {bad}" if wrong or bad else ""


def _said(posted: dict[str, Any]) -> str:
    card = posted["attachments"][0]["content"]
    return "\n".join(run["text"] for block in card["body"] for run in block.get("inlines", ()))


def create_sandbox() -> Sandbox:
    """Give a workflow that takes everything."""
    return Sandbox()
