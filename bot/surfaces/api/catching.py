"""What is raised below, as problems: the one place that says which refusal becomes which status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.surfaces.api.problems import Code, FieldProblem, Problem

_BY_STATUS: Final[Mapping[int, Code]] = {
    404: Code.NOT_FOUND,
    405: Code.METHOD,
    408: Code.TOO_SLOW,
    413: Code.TOO_LARGE,
    415: Code.MEDIA_TYPE,
}
_MOST_ERRORS: Final = 20
_LONGEST: Final = 200


def install(api: FastAPI) -> None:
    """Have every refusal answered as a problem."""
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)


def answered(request: Request, problem: Problem) -> Response:
    """Spell a problem as the answer to this request."""
    return problem.response(request.state.request_id)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what Starlette promises its handlers
    return answered(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what Starlette promises its handlers
    if error.status_code == 405:
        return answered(request, _wrong_method(request))
    code = _BY_STATUS.get(error.status_code, Code.NOT_JSON if error.status_code < 500 else Code.INTERNAL)
    told = {Code.NOT_FOUND: "no resource has this address; /api/v1/openapi.json lists them"}
    return answered(request, Problem(code, told.get(code, str(error.detail)), headers=error.headers))


def _wrong_method(request: Request) -> Problem:
    """Name every method of the address: one path has a route for each of its methods."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    here = [route for route in request.app.state.resources if route.path_regex.match(path)]
    allowed = ", ".join(sorted({method for route in here for method in route.methods}))
    told = f"{request.method} is not possible here; {allowed} is"
    return Problem(Code.METHOD, told, headers={"Allow": allowed})


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what Starlette promises its handlers
    errors = [_field(one) for one in error.errors()[:_MOST_ERRORS]]
    named = ", ".join(f"{one.place}{one.pointer}" for one in errors)
    return answered(request, Problem(Code.INVALID, f"see what is wrong with {named}", errors=errors))


def _field(found: Mapping[str, Any]) -> FieldProblem:
    """Spell one complaint of pydantic's; what was sent is never repeated."""
    place, *path = (str(part) for part in found["loc"])
    pointer = "".join(f"/{_escaped(part)}" for part in path)
    return FieldProblem(place=place, pointer=pointer, code=str(found["type"]), detail=_said(found))


def _said(found: Mapping[str, Any]) -> str:
    return str(found["msg"])[:_LONGEST]


def _escaped(part: str) -> str:
    spelled = part.replace("~", "~0").replace("/", "~1")[:_LONGEST]
    return spelled.encode("utf-8", "replace").decode("utf-8")
