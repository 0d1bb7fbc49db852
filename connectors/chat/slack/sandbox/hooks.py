"""The sandbox's `response_url`: five answers within thirty minutes, shown to one person or in place."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.chat.slack.sandbox.block_kit import wrong_with
from connectors.chat.slack.sandbox.surface import HOOK_SECONDS, HOOK_USES, Surface


class Hooks:
    """Takes what an app answers to commands and buttons."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[Route]:
        """Give the routes of both kinds."""
        return [
            Route(f"/{kind}/{{team}}/{{id}}/{{secret}}", self._take, methods=["POST"])
            for kind in ("commands", "actions")
        ]

    async def _take(self, request: Request) -> Response:
        hook = self._surface.hooks.get(request.url.path.lstrip("/"))
        said = json.loads(await request.body())
        if hook is None:
            return _refused("invalid_url")
        if len(hook.said) >= HOOK_USES or self._surface.now() - hook.at > HOOK_SECONDS:
            return _refused("used_url")
        if "blocks" in said and wrong_with(said["blocks"]) is not None:
            return JSONResponse({"ok": False, "error": "invalid_blocks"}, status_code=400)
        hook.said.append(said)
        if said.get("replace_original") and hook.message is not None:
            hook.message |= {name: said[name] for name in ("text", "blocks") if name in said}
        return PlainTextResponse("ok")


def _refused(error: str) -> Response:
    return JSONResponse({"ok": False, "error": error}, status_code=404)
