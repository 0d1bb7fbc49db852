"""What is shown instead of a page: a missing right, nothing here, a request not understood, our own fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.access.actor import NotAllowed
from bot.acts.refusals import CannotAct
from bot.locale import N_, Translator
from bot.store.db import StoreProblem
from bot.surfaces.web import drafts
from bot.surfaces.web.csrf import Forged
from bot.surfaces.web.language import spoken
from bot.surfaces.web.live import is_fragment, leave
from bot.surfaces.web.render import outside, page
from bot.surfaces.web.visitor import NotSignedIn, Visitor
from bot.words.roles import role_text
from policies.roles import RIGHTS, Role

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a fault's page says: what happened, why, what to do, and where to go."""

    title: str
    why: str
    remedy: str
    way: str
    way_title: str


_NOTHING_HERE = (
    N_("There is no such page"),
    N_("The address may be mistyped, or what it named is no longer there."),
    N_("Begin at the first page."),
)
_NOT_UNDERSTOOD = (
    N_("This could not be understood"),
    N_("A field is missing, or holds something it cannot hold. Nothing was done."),
    N_("Go back, look at what you typed, and send it again."),
)
_WORDS: Final[Mapping[int, tuple[str, str, str]]] = {
    404: _NOTHING_HERE,
    405: (
        N_("This page cannot be asked in that way"),
        N_("Nothing was done."),
        N_("Begin at the first page."),
    ),
    413: (
        N_("This is too long"),
        N_("The form was larger than any form here needs to be. Nothing was done."),
        N_("Shorten it and send it again."),
    ),
    500: (
        N_("Something went wrong here"),
        N_("It is not certain how much of this was done."),
        N_("Look at the case or the list before you try again. IT finds what happened in the service's log."),
    ),
    503: (
        N_("Bawab cannot reach its database now"),
        N_("Nothing of this was done."),
        N_("Try again in a moment. If it lasts, IT looks at the disk and the service."),
    ),
}


def install(made: FastAPI) -> None:
    """Answer every fault by a page in the reader's language."""
    made.add_exception_handler(NotSignedIn, _not_signed_in)
    made.add_exception_handler(NotAllowed, _not_allowed)
    made.add_exception_handler(CannotAct, _cannot_act)
    made.add_exception_handler(Forged, _forged)
    made.add_exception_handler(RequestValidationError, _not_understood)
    made.add_exception_handler(HTTPException, _http)
    made.add_exception_handler(StoreProblem, _no_store)


async def _not_signed_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotSignedIn)  # noqa: S101 - what Starlette promises its handlers
    app = request.app.state.bawab
    if is_fragment(request.headers):
        return leave(error.back)
    response = RedirectResponse(error.back, status_code=303)
    kept = await drafts.keep(app, request)
    if kept is not None:
        drafts.give_cookie(app, response, kept)
    return response


async def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotAllowed)  # noqa: S101 - what Starlette promises its handlers
    visitor = _visitor(request)
    if visitor is not None:
        await request.app.state.refusals.note(visitor.who.logged, str(error.permission))
    t = _reader(request)
    those = [role_text(role, t) for role in Role if error.permission in RIGHTS[role]]
    return _page(
        request,
        403,
        t.text("This is not for your role"),
        t.text("It is for: {roles}.", roles=t.list(those)),
        t.text("Ask one of them, or ask whoever gives out roles in your organisation."),
    )


async def _cannot_act(request: Request, error: Exception) -> Response:
    assert isinstance(error, CannotAct)  # noqa: S101 - what Starlette promises its handlers
    visitor, t = _visitor(request), _reader(request)
    said = error.said(t, visitor.who.zone if visitor else "UTC")
    return _page(request, 409, t.text("This was not done"), said, "")


async def _forged(request: Request, _error: Exception) -> Response:
    visitor = _visitor(request)
    await request.app.state.refusals.note(visitor.who.logged if visitor else "web", "forged_form")
    t = _reader(request)
    return _page(
        request,
        400,
        t.text("This form is out of date"),
        t.text("It was not sent from a page of this session, so nothing was done."),
        t.text("Open the page again and send it from there."),
    )


async def _not_understood(request: Request, _error: Exception) -> Response:
    return _said(request, 400, _NOT_UNDERSTOOD)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what Starlette promises its handlers
    return refused(request, error.status_code)


async def _no_store(request: Request, error: Exception) -> Response:
    logger.error("console_store_problem", problem=str(error))
    return _said(request, 503, _WORDS[503])


def refused(request: Request, status: int) -> Response:
    """Give the page of a request that is answered before anybody looks at it."""
    return _said(request, status, _WORDS.get(status, _NOT_UNDERSTOOD))


def _said(request: Request, status: int, words: tuple[str, str, str]) -> Response:
    t = _reader(request)
    return _page(request, status, *(t.text(word) for word in words))


def _page(request: Request, status: int, title: str, why: str, remedy: str) -> Response:
    t, visitor = _reader(request), _visitor(request)
    fault = Fault(title, why, remedy, "/", t.text("To the first page"))
    if visitor is None:
        return outside(request, "error.html", status, layout="frame.html", fault=fault)
    return page(visitor, "error.html", status, layout="base.html", fault=fault)


def _visitor(request: Request) -> Visitor | None:
    return getattr(request.state, "visitor", None)


def _reader(request: Request) -> Translator:
    visitor = _visitor(request)
    return visitor.t if visitor is not None else spoken(request.app.state.bawab, request)


class Catching:
    """ASGI middleware: a fault of ours is answered by a page; the log names its kind and place."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens inside."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        except ClientDisconnect:
            return  # nobody waits for an answer any more
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not leave as a trace
            _log(error)
            if begun:
                raise ConnectionError("the answer had begun when the fault came") from None
            await self._instead(scope, receive, send)

    @staticmethod
    async def _instead(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = _said(Request(scope, receive), 500, _WORDS[500])
        except Exception as error:  # noqa: BLE001 - the page of the fault is at fault
            _log(error)
            answer = PlainTextResponse("Something went wrong. IT finds it in the log.\n", status_code=500)
        await answer(scope, receive, send)


def _log(error: BaseException) -> None:
    """Log a fault without its own words, which may hold a name or an address."""
    logger.error("console_fault", fault=type(error).__name__, at=_place(error))


def _place(error: BaseException) -> str:
    """Name the innermost place of ours, as file and line."""
    found, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        found = f"{file.rpartition('/bot/')[2]}:{trace.tb_lineno}" if "/bot/" in file else found
        trace = trace.tb_next
    return found
