"""Around every answer: a request id, headers that keep it out of caches, and no fault without its problem."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.store.db import StoreProblem
from bot.store.query import new_id
from bot.surfaces.api.problems import Code, Problem

HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
UNAVAILABLE: Final = Problem(
    Code.UNAVAILABLE, "the database does not answer now; try again", headers={"Retry-After": "5"}
)
INTERNAL: Final = Problem(
    Code.INTERNAL, "nothing is known of what became of it: look before asking again, or ask with the same key"
)

logger = structlog.get_logger(__name__)


class Frame:
    """ASGI middleware, the outermost; the request id it gives stands in the answer and in the log."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens inside."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, scope)
        try:
            await self._inner(scope, receive, answer)
        except ClientDisconnect:
            return  # nobody waits for an answer any more
        except StoreProblem as problem:
            logger.error("api_store_problem", request_id=request_id, problem=str(problem))  # noqa: TRY400 - said, not traced
            await self._instead(UNAVAILABLE, scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told of a fault of ours
            # Its own words may hold a name or an address: the place is what a mender needs.
            logger.error(  # noqa: TRY400 - see above
                "api_fault", request_id=request_id, fault=type(error).__name__, at=_place(error)
            )
            await self._instead(INTERNAL, scope, receive, answer)

    @staticmethod
    async def _instead(problem: Problem, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if answer.begun:
            # Half an answer must not look whole: the server closes the connection.
            raise ConnectionError("the answer had begun when the fault came") from None
        await problem.response(scope["state"]["request_id"])(scope, receive, answer)


class _Answer:
    """Sends on, with the headers every answer has."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self._scope["state"]["request_id"]
        await self._send(message)


def _place(error: BaseException) -> str:
    """Name the innermost place of ours, as file and line."""
    found, trace = "", error.__traceback__
    while trace is not None:
        _, ours, place = trace.tb_frame.f_code.co_filename.rpartition("/bot/")
        found = f"bot/{place}:{trace.tb_lineno}" if ours else found
        trace = trace.tb_next
    return found
