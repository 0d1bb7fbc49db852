"""The answers that are no result: refusals in Telegram's form, server errors, broken and foreign bodies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from connectors.chat.telegram.sandbox.faults import Fault, FaultKind


def refusal(code: int, description: str, parameters: dict[str, Any] | None = None) -> Response:
    """Give an error as the server does: the HTTP status is the `error_code`."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return JSONResponse(body, status_code=code)


def too_many(seconds: float) -> Response:
    """Answer 429 with whole seconds twice over, in `parameters` and as Retry-After."""
    wait = max(1, math.ceil(seconds))
    answer = refusal(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
    answer.headers["Retry-After"] = str(wait)
    return answer


def spoilt_answer(fault: Fault) -> Response | None:
    """Give the answer a fault puts in place of the true one; None where the fault lies elsewhere."""
    make = _ANSWERS.get(fault.kind)
    return make(fault) if make else None


def _nothing(_: Fault) -> Response:
    # After a drop or a silence nobody listens any more, but ASGI wants an answer.
    return Response("", media_type="application/json")


_ANSWERS: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.HTTP_500: lambda _: refusal(500, "Internal Server Error: restart"),
    FaultKind.LIMITED_429: lambda fault: too_many(fault.seconds),
    FaultKind.ERROR: lambda fault: refusal(fault.code, fault.description),
    FaultKind.EMPTY_BODY: _nothing,
    FaultKind.DROP: _nothing,
    FaultKind.SILENCE: _nothing,
    FaultKind.MALFORMED_JSON: lambda _: Response('{"ok":tru', media_type="application/json"),
    FaultKind.HTML_PAGE: lambda _: HTMLResponse("<html><body>Bad Gateway</body></html>", status_code=502),
    FaultKind.REDIRECT: lambda _: Response(
        "", status_code=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}
    ),
}
