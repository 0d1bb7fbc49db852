"""The road of every request: token, right, parameters, body, turn; only then the resource itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot.access.actor import NotAllowed
from bot.audit.asked import ASKED
from bot.surfaces.api.authenticating import authenticate
from bot.surfaces.api.bodies import JsonRequest, read_json
from bot.surfaces.api.caller import Caller
from bot.surfaces.api.catching import answered
from bot.surfaces.api.idempotency import Answer, Asked, Turn
from bot.surfaces.api.problems import Code, FieldProblem, Problem
from bot.surfaces.api.refusals import as_problem
from policies.roles import Permission

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
PERMISSION: Final = "x-bawab-permission"
"""In the description of an operation: the rights the token needs, alternatives with a `|` between."""
_KEY: Final = re.compile(r'"?[\x21\x23-\x5b\x5d-\x7e]{1,100}"?')
_MOST_PARAMETERS: Final = 50


def rights_in(extra: Mapping[str, Any]) -> list[list[Permission]]:
    """Give what an operation needs: of each entry, one."""
    return [[Permission(name) for name in either.split("|")] for either in extra.get(PERMISSION, ())]


class OpenRoute(APIRoute):
    """A resource that needs no token; it says nothing about anybody."""

    def get_route_handler(self) -> Handler:
        """Refuse what the description does not name."""
        inner, known = super().get_route_handler(), self._query_names()

        async def handle(request: Request) -> Response:
            _only_known(request, known)
            return await inner(request)

        return handle

    def _query_names(self) -> frozenset[str]:
        return frozenset(field.alias for field in self.dependant.query_params)


class Route(OpenRoute):
    """A resource of the API, for the owner of a token."""

    def get_route_handler(self) -> Handler:
        """Let a request through to the resource once it is known whose it is and what it asks."""
        inner = APIRoute.get_route_handler(self)
        wanted = rights_in(self.openapi_extra or {})
        known, has_body, keyed = self._query_names(), self.body_field is not None, self._wants_key()

        async def handle(request: Request) -> Response:
            caller = await authenticate(request)
            request.state.caller = caller
            try:
                _must(caller, wanted)
                _only_known(request, known)
                read = await read_json(request) if has_body else request
                return await _in_turn(inner, read) if keyed else await _answer(inner, read)
            except NotAllowed as refusal:
                return await _not_allowed(request, refusal)

        return handle

    def _wants_key(self) -> bool:
        return any(field.alias.lower() == "idempotency-key" for field in self.dependant.header_params)


async def _answer(inner: Handler, request: Request) -> Response:
    """Do it, its entries marked with the request's id; refusals from below become problems here."""
    token = ASKED.set(ASKED.get() or request.state.request_id)
    try:
        return await inner(request)
    except Exception as error:
        problem = as_problem(error, request.state.caller)
        if problem is None:
            raise
        raise problem from None
    finally:
        ASKED.reset(token)


async def _in_turn(inner: Handler, request: Request) -> Response:
    """Do it once for its key."""
    keys, caller = request.app.state.keys, request.state.caller
    async with keys.turn(await _asked(request, caller)) as turn:
        if isinstance(turn, Answer):
            return _again(turn)
        request.state.caller = replace(caller, did=turn.did)
        try:
            response = await _answer(inner, request)
        except (Problem, RequestValidationError, NotAllowed) as refusal:
            if not isinstance(refusal, Problem) or refusal.code is not Code.CANNOT:
                await keys.undone(turn)
                raise
            response = answered(request, refusal)
        await _kept(request, turn, response)
        return response


async def _asked(request: Request, caller: Caller) -> Asked:
    given = request.headers.getlist("idempotency-key")
    if not given:
        raise Problem(Code.KEY_MISSING, "send an Idempotency-Key of your own making, such as a UUID")
    key = given[0]
    if len(given) > 1 or not _KEY.fullmatch(key):
        told = "one key of 1 to 100 visible ASCII characters"
        error = FieldProblem(place="header", pointer="/Idempotency-Key", code="pattern", detail=told)
        raise Problem(Code.INVALID, f"the Idempotency-Key is {told}", errors=[error])
    body = await request.body() if isinstance(request, JsonRequest) else b""
    parts = [request.method.encode(), request.url.path.encode(), request.url.query.encode(), body]
    digest = hashlib.sha256(b"\n".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    return Asked(caller.token_id, key.strip('"'), digest, request.state.request_id)


async def _kept(request: Request, turn: Turn, response: Response) -> None:
    """Keep what was answered; a fault keeps the turn open, until the log says what was done."""
    if response.status_code >= 500:
        return
    if isinstance(response, FileResponse):
        body: dict[str, Any] = {"file": str(response.path), "media": response.media_type}
    else:
        body = {"text": bytes(response.body).decode(), "media": response.headers["content-type"]}
    if "location" in response.headers:
        body["location"] = response.headers["location"]
    await request.app.state.keys.answered(turn, Answer(response.status_code, body))


def _again(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if "location" in answer.body:
        headers["Location"] = answer.body["location"]
    media = answer.body["media"]
    if "file" in answer.body:
        if not Path(answer.body["file"]).exists():
            raise Problem(Code.NOT_FOUND, "the file was kept for a day; ask for it with a new key")
        return FileResponse(answer.body["file"], answer.status, headers, media)
    return Response(answer.body["text"], answer.status, {**headers, "content-type": media})


def _must(caller: Caller, wanted: Iterable[Sequence[Permission]]) -> None:
    """Raise NotAllowed, naming the first alternative, where a right is missing."""
    for alternatives in wanted:
        if not any(caller.who.may(one) for one in alternatives):
            raise NotAllowed(alternatives[0])


def _only_known(request: Request, known: frozenset[str]) -> None:
    """Refuse a parameter that means nothing here, or is given twice: it was meant for something."""
    if "\x00" in request.scope["path"]:
        raise Problem(Code.NOT_FOUND, "no address has a NUL in it")
    try:
        pairs = parse_qsl(
            request.url.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict"
        )
    except ValueError:
        raise Problem(Code.INVALID, "the query is not UTF-8, or has too many parameters") from None
    names = [name for name, _ in pairs]
    wrong = [_wrong_parameter(name, known) for name in dict.fromkeys(names)]
    wrong += [_twice(name) for name in dict.fromkeys(names) if name in known and names.count(name) > 1]
    errors = [error for error in wrong if error is not None]
    if errors or any("\x00" in value for _, value in pairs):
        raise Problem(Code.INVALID, "see which parameters do not fit", errors=errors)


def _wrong_parameter(name: str, known: frozenset[str]) -> FieldProblem | None:
    if name in known:
        return None
    there_are = ", ".join(sorted(known)) or "none"
    pointer = "/" + name[:100].replace("~", "~0").replace("/", "~1")
    return FieldProblem(place="query", pointer=pointer, code="unknown", detail=f"there are: {there_are}")


def _twice(name: str) -> FieldProblem:
    return FieldProblem(place="query", pointer=f"/{name}", code="twice", detail="give it once")


async def _not_allowed(request: Request, refusal: NotAllowed) -> Response:
    caller: Caller = request.state.caller
    await request.app.state.refusals.note(caller.who.logged, str(refusal.permission))
    told = f"this token, or its owner now, lacks the right {refusal.permission}"
    return answered(request, Problem(Code.FORBIDDEN, told, permission=str(refusal.permission)))
