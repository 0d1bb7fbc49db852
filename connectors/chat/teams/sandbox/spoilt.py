"""The sandbox's bad answers: server errors, refusals for load, empty, broken and foreign bodies."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import HTMLResponse, Response

from connectors.chat.teams.sandbox import errors
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.faults import Fault, FaultKind
from connectors.chat.teams.sandbox.operations import Operation


def too_many(seconds: float, headers: dict[str, str] | None = None) -> GraphError:
    """Refuse for load; Graph gives whole seconds, but a scaled second needs fractions."""
    retry_after = str(int(seconds)) if float(seconds).is_integer() else f"{seconds:.3f}"
    told = {"Retry-After": retry_after, **(headers or {})}
    return GraphError(429, "TooManyRequests", "Too many requests. Please retry again later.", told)


def refusal(fault: Fault, operation: Operation) -> GraphError | None:
    """Give what a fault answers in Graph's own form; None where it is no such fault."""
    match fault.kind:
        case FaultKind.HTTP_500:
            return GraphError(500, "InternalServerError", "An unexpected error occurred.")
        case FaultKind.HTTP_503:
            return GraphError(503, "ServiceUnavailable", "The service is temporarily unavailable.")
        case FaultKind.LIMITED_429:
            return too_many(fault.seconds)
        case FaultKind.REFUSED:
            return _forbidden() if operation.teams else errors.denied()
        case FaultKind.NOT_FOUND:
            return errors.no_such("00000000-0000-0000-0000-000000000000")
        case _:
            return None


def spoilt_answer(fault: Fault) -> Response | None:
    """Give the answer a fault puts in place of the true one; None where the fault lies elsewhere."""
    make = _ANSWERS.get(fault.kind)
    return make(fault) if make else None


def _forbidden() -> GraphError:
    return GraphError(403, "Forbidden", "You do not have permission to perform this operation.")


def _nothing(_: Fault) -> Response:
    # After a drop or a silence nobody listens any more, but ASGI wants an answer.
    return Response("", media_type="application/json")


_ANSWERS: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.EMPTY_BODY: _nothing,
    FaultKind.DROP: _nothing,
    FaultKind.SILENCE: _nothing,
    FaultKind.MALFORMED_JSON: lambda _: Response('{"value": [{"id": "', media_type="application/json"),
    FaultKind.HTML_PAGE: lambda _: HTMLResponse("<html><body>Maintenance</body></html>"),
    FaultKind.REDIRECT: lambda _: Response(
        "", status_code=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}
    ),
}
