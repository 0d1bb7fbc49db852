"""The sandbox's bad answers: server errors, refusals for load, empty, broken and foreign bodies."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from starlette.responses import HTMLResponse, JSONResponse, Response

from connectors.chat.slack.sandbox.faults import Fault, FaultKind


def request_id() -> dict[str, str]:
    """Give the header by which Slack names a request."""
    return {"x-slack-req-id": uuid.uuid4().hex}


def too_many(seconds: float) -> Response:
    """Answer 429; Slack gives whole seconds, but a scaled minute needs fractions."""
    retry_after = str(int(seconds)) if float(seconds).is_integer() else f"{seconds:.3f}"
    headers = {"Retry-After": retry_after, **request_id()}
    return JSONResponse({"ok": False, "error": "ratelimited"}, status_code=429, headers=headers)


def spoilt_answer(fault: Fault) -> Response | None:
    """Give the answer a fault puts in place of the true one; None where the fault lies elsewhere."""
    make = _ANSWERS.get(fault.kind)
    return make(fault) if make else None


def _refused(error: str) -> Response:
    return JSONResponse({"ok": False, "error": error}, headers=request_id())


def _nothing(_: Fault) -> Response:
    # After a drop or a silence nobody listens any more, but ASGI wants an answer.
    return Response("", media_type="application/json")


_ANSWERS: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.HTTP_500: lambda _: Response("", status_code=500, headers=request_id()),
    FaultKind.LIMITED_429: lambda fault: too_many(fault.seconds),
    FaultKind.LIMITED_200: lambda _: _refused("ratelimited"),
    FaultKind.ERROR: lambda fault: _refused(fault.error),
    FaultKind.EMPTY_BODY: _nothing,
    FaultKind.DROP: _nothing,
    FaultKind.SILENCE: _nothing,
    FaultKind.MALFORMED_JSON: lambda _: Response('{"ok": tru', media_type="application/json"),
    FaultKind.HTML_PAGE: lambda _: HTMLResponse("<html><body>Maintenance</body></html>"),
    FaultKind.REDIRECT: lambda _: Response(
        "", status_code=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}
    ),
}
